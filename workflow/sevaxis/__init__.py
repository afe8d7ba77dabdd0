"""sevaxis: does overtraining send the liver a fibrotic message in muscle small extracellular vesicles?

Five rooms, one direction: card + samples -> matrix -> effects -> answers -> report.
"""

from importlib.metadata import version

__version__ = version("sevaxis")
