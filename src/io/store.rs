//! What is installed, on disk: atomic, with a previous copy, and damage told apart from absence.
