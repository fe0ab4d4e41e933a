"""For how many nominations to come it is wise to plan: all of them, unless they need more places than there are.

Then some of them will not come, or cannot be seated: planning for all would have those who do come sit with whom the
others leave over. A part of them is planned for, drawn by the published seed.
"""

import numpy as np

from allocation.model import Bools, Ints, Model

PLANNED = 0.9
"""The share of all places left that is planned for where more would be needed than there are."""


def likely(model: Model, panels: Ints, certain: Bools, loads: Ints) -> Ints:
    """The panels that are planned for.

    Args:
        model: The model; its panels stand in the order of their seeded digests, so that the first are a fair draw.
        panels: Positions of the panels that are known, ascending.
        certain: For each of them whether it surely comes: it is always planned for.
        loads: New seats of each assessor.
    """
    able = np.unique(model.assessor)
    places = int(np.maximum(model.room - loads, 0)[able].sum())
    if int(model.missing[panels].sum()) <= places:
        return panels
    order = np.concatenate([panels[certain], panels[~certain]])
    fits = np.cumsum(model.missing[order]) <= PLANNED * places
    fits[: int(certain.sum())] = True
    return np.sort(order[fits])
