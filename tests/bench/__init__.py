"""`python -m tests.bench`: what things cost here, against yardsticks measured in the same run. A section is a module with `measure`."""
