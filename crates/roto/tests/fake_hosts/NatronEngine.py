"""Names of Natron's own module that scripts of ours use."""


class Natron:
    class MergingFunctionEnum:
        eMergeStencil = "stencil"
