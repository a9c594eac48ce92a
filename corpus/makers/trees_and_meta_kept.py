"""Which cases of trees_and_meta.py are kept in corpus/cases: most of the newest version, and of the older ones those whose
files or arithmetic differ.

    python trees_and_meta_kept.py MADE corpus/cases     copies them from MADE, where trees_and_meta.py wrote them all
"""
import os, re, shutil, sys

NEWEST = "sk19"
# Variations that only the makers' author needs to run.
LEFT_OUT = re.compile(r"^(calibrated-(sigmoid|isotonic)-(tree|forest)-.*-one|calibrated-temperature-.*-one|calibrated-sigmoid-.*-2-each|calibrated-isotonic-.*-3-each|calibrated-temperature-tree.*"
                      r"|(ovr|ovo|code)-(logistic|ridge)-(2|3)-str|(ovr|ovo|code)-(svc|tree)-4-int|code-(svc|tree)-2-str|ada-samme.*|voting-(soft|hard)-(2|3)|stacking-3-int-.*|stacking-2-str-passthrough"
                      r"|gb-zero-3-int|gb-init-2-str|tree-et-(int|bool|object)|forest-et-(2|3)-str|forest-rf-2-int|ada-bayes-3-int|hgb-4-str|search-halving|tree-dt-rounding)$")
OLDER = re.compile(r"^(tree-dt-str|tree-dt-nan|tree-dt-multioutput|forest-rf-3-str|forest-rf-nan|forest-embedding|isolation-features|gb-2-str|gb-3-int|gb-exponential|hgb-2-str|hgb-categorical-numbers"
                   r"|hgb-categorical-odd|hgb-categorical-frame|hgb-regression-poisson|ada-3-str|ada-samme-3-str|bagging-logistic|calibrated-isotonic-svc-3-each|calibrated-prefit|voting-soft-3-weighted"
                   r"|stacking-3-str-passthrough|stacking-pipelines|chain-classifier|ovr-svc-3-str|target-power|target-log|search-grid-pipeline|imblearn-rusboost)$")

made, kept = sys.argv[1:3]
for folder in sorted(os.listdir(made)):
    name, environment = folder.rsplit("-", 1)
    if (not LEFT_OUT.match(name)) if environment == NEWEST else OLDER.match(name):
        shutil.copytree(os.path.join(made, folder), os.path.join(kept, folder), dirs_exist_ok=True)
