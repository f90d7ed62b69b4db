"""The ways of being each rock: a module a class, each a table of named families."""
