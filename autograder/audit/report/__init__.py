"""An audit's findings for people (`table`) and for programs (`as_json`)."""
