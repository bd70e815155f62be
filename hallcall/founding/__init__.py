"""How a hall comes to be, on the technician's laptop: out of questions or a plan its authority, and a card a box.

`plan.py`: what a hall is to be · `interview.py`: the questions that make a plan · `furnish.py`: who runs where, and
each node's file · `cards.py`: what lies on each card · `authority.py`: the folder that the technician keeps ·
`folder.py`: all of it on disk, or nothing · `many.py`: a province's halls · `writing.py`: a card onto its stick or into
an image · `asking.py`: what the hall's registrar is asked, later.

Nothing here runs on a box of the hall.
"""
