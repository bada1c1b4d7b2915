"""The files of deploy/ as values, and the bot tried by their rules where no container engine and no systemd runs."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
