"""The menu Rotocel in Natron. This folder is to be in NATRON_PLUGIN_PATH."""

import NatronGui
import rotocel_roto


def createRotocelRoto():
    """Called by the menu; an artist reads what went wrong."""
    try:
        rotocel_roto.create_roto(NatronGui.natron.getActiveInstance())
    except rotocel_roto.Problem as problem:
        NatronGui.natron.warningDialog("Rotocel", str(problem))


# Natron looks the name up among those that this file defines.
NatronGui.natron.addMenuCommand("Rotocel/Create Roto node", "createRotocelRoto")
