"""Pipedrive as a small local server: stateful, with the rules, limits and oddities of the real service."""
