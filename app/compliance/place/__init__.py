"""Where is the called party, which hour is it there, and may one call then? Pure: no database, no clock."""
