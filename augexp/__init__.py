"""augexp: does image augmentation help on these images, by how much, and how sure is that?"""

__version__ = "0.1.0"
