"""Landmarks, shapes and a face finder for any topology: networks, training, figures."""
