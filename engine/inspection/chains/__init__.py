"""来龙去脉: everything that belongs together from the plan to the last follow-up, and who was told what, when."""
