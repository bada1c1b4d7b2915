"""Curation: moderators keep the cards of their community true."""
