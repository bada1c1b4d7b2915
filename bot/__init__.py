"""Spoonful: cited answers about treatments, and private symptom check-ins, on Discord."""
