"""The servers a person needs to run the talent pool on one machine, and where the settings stand."""
