"""Meta-analysis: several studies, one effect, or the refusal to give one."""
