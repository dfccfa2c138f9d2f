"""Fixtures for every test."""

pytest_plugins = ["samples_fixture"]
