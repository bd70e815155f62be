"""`hallcall update`: on a box, what is done with its own slots; on a laptop, keys, and a release for a whole hall."""
