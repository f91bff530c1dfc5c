"""What came of a run, for a person to read: from the run's folder alone."""

from medical_team.report.summary import print_summary

__all__ = ["print_summary"]
