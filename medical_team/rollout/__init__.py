"""Rollout: engines that answer for a role, and samples on their way to OpenRLHF's Experience."""
