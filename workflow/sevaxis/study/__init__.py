"""The first room: cards, configuration and sample sheets, validated together into a study."""
