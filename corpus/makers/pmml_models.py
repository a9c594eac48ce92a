# PMML files: exported by sklearn2pmml (needs Java), and written by hand in the style of R, SAS and KNIME; what they predict is
# asked of JPMML-Evaluator. pip install sklearn2pmml jpmml_evaluator scikit-learn==1.6.1 xgboost pandas
import json, math, os, sys
import numpy as np, pandas as pd
from jpmml_evaluator import make_evaluator

OUT = sys.argv[1]
rng = np.random.default_rng(7)
N = 160
frame = pd.DataFrame({"age": rng.integers(18, 80, N).astype(float), "income": rng.gamma(2, 20000, N).round(2), "job": rng.choice(["clerk", "cook", "none", "sales rep"], N)})
risk = (frame.age < 35).astype(int) + (frame.income < 30000) + (frame.job == "none")
three = np.array(["low", "mid", "high"])[np.clip(risk, 0, 2)]
two = (risk > 1).astype(int)
amount = frame.income * 0.1 - frame.age * 20 + (frame.job == "cook") * 300 + rng.normal(0, 50, N)

def keep(name, path_or_text, records, maker="hand"):
    folder = os.path.join(OUT, f"pmml-{name}")
    os.makedirs(folder, exist_ok=True)
    model = os.path.join(folder, "model.pmml")
    if path_or_text is not None:
        open(model, "w").write(path_or_text)
    evaluator = make_evaluator(model).verify()
    classes, target = None, [f.getName() for f in evaluator.getTargetFields()]
    rows, good, bad = [], [], []
    for record in records:
        try:
            result = evaluator.evaluate({k: v for k, v in record.items() if v is not None})
            first = result.get(target[0]) if target and target[0] in result else next(iter(result.values()))
            if first is None or first != first: raise ValueError("no answer")
            rows.append((first, result)); good.append(record)
        except Exception as error:
            print(name, "refused", record, str(error)[:90]); bad.append(record)
    probabilities = [k for k in rows[0][1] if str(k).startswith("probability(")]
    outputs = {}
    values = [r[0] for r in rows]
    numeric = not probabilities and 'functionName="classification"' not in open(model).read().split("<MiningSchema")[0] and all(isinstance(v, (int, float)) for v in values)
    outputs["value" if numeric else "label"] = {"kind": "value" if numeric else "label", "datatype": "FP64" if numeric else "INT64" if all(isinstance(v, int) for v in values) else "BYTES", "shape": [len(rows)], "data": values}
    if probabilities:
        outputs["probabilities"] = {"kind": "probability", "datatype": "FP64", "shape": [len(rows), len(probabilities)], "data": [float(r[1][k]) for r in rows for k in probabilities]}
    reasons = [f.getName() for f in evaluator.getOutputFields() if "reason" in f.getName()]
    if reasons:
        outputs["reason_codes"] = {"kind": "transform", "datatype": "BYTES", "shape": [len(rows), len(reasons)], "data": [r[1][k] or "" for r in rows for k in reasons]}
    dump = lambda file, data: json.dump(data, open(os.path.join(folder, file), "w"))
    dump("case.json", {"name": f"pmml-{name}", "family": "pmml", "environment": maker, "producer": {"jpmml-evaluator": "0.16.0"}, "model_file": "model.pmml", "expect": "import", "made_by": "corpus/makers/pmml_models.py",
         "input": {"format": "records", "columns": [{"name": k} for k in records[0]]}, "n_rows": len(rows), "tolerance": {"rtol": 1e-9, "atol": 1e-12}})
    dump("inputs.json", {"records": good})
    dump("expected.json", {"n": len(rows), "required": list(outputs), "outputs": outputs})
    if bad: dump("bad_inputs.json", {"records": bad})

def rows(n=20):
    return json.loads(frame.head(n).to_json(orient="records"))

def exported():
    from sklearn2pmml import sklearn2pmml
    from sklearn2pmml.pipeline import PMMLPipeline
    from sklearn.compose import ColumnTransformer
    from sklearn.preprocessing import OneHotEncoder, StandardScaler
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor, GradientBoostingClassifier, GradientBoostingRegressor, VotingClassifier
    from sklearn.linear_model import LogisticRegression, LinearRegression
    from xgboost import XGBClassifier, XGBRegressor
    prepare = lambda impute=False: ColumnTransformer([("n", make_pipeline(SimpleImputer(), StandardScaler()) if impute else "passthrough", ["age", "income"]), ("c", OneHotEncoder(handle_unknown="ignore" if impute else "error"), ["job"])])
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.svm import SVC, SVR
    from sklearn.naive_bayes import GaussianNB
    scaled = lambda: ColumnTransformer([("n", StandardScaler(), ["age", "income"]), ("c", OneHotEncoder(), ["job"])])
    models = {
        "sk-network": (scaled(), MLPClassifier((5, 4), max_iter=60, random_state=0), three), "sk-network-regression": (scaled(), MLPRegressor((5,), activation="logistic", max_iter=60, random_state=0), amount),
        "sk-vectors": (scaled(), SVC(kernel="poly", degree=2), three), "sk-vectors-regression": (scaled(), SVR(kernel="sigmoid"), amount),
        "sk-bayes": (ColumnTransformer([("n", StandardScaler(), ["age", "income"])]), GaussianNB(), three),
        "sk-tree": (prepare(), DecisionTreeClassifier(max_depth=5, random_state=0), three), "sk-tree-regression": (prepare(), DecisionTreeRegressor(max_depth=5, random_state=0), amount),
        "sk-forest": (prepare(), RandomForestClassifier(8, max_depth=4, random_state=0), three), "sk-forest-regression": (prepare(), RandomForestRegressor(8, max_depth=4, random_state=0), amount),
        "sk-logistic": (prepare(True), LogisticRegression(), two), "sk-logistic-3": (prepare(True), LogisticRegression(), three), "sk-linear": (prepare(True), LinearRegression(), amount),
        "sk-boosting": (prepare(), GradientBoostingClassifier(n_estimators=6, random_state=0), two), "sk-boosting-3": (prepare(), GradientBoostingClassifier(n_estimators=4, max_depth=2, random_state=0), three),
        "sk-boosting-regression": (prepare(), GradientBoostingRegressor(n_estimators=8, random_state=0), amount),
        "xgb-regression": (prepare(), XGBRegressor(n_estimators=8, max_depth=3), amount), "xgb-binary": (prepare(), XGBClassifier(n_estimators=8, max_depth=3), two), "xgb-3": (prepare(), XGBClassifier(n_estimators=4, max_depth=2), np.clip(risk, 0, 2)),
        "sk-voting": (prepare(True), VotingClassifier([("a", LogisticRegression()), ("b", DecisionTreeClassifier(max_depth=3))], voting="soft"), three),
    }
    for name, (transform, model, y) in models.items():
        try:
            pipe = PMMLPipeline([("prepare", transform), ("model", model)])
            pipe.fit(frame, pd.Series(y, name="y"))
            folder = os.path.join(OUT, f"pmml-{name}"); os.makedirs(folder, exist_ok=True)
            sklearn2pmml(pipe, os.path.join(folder, "model.pmml"))
            records = rows()
            if "logistic" in name or "linear" in name: records += [{"age": None, "income": 20000.0, "job": "cook"}]
            keep(name, None, records, "sklearn2pmml")
        except Exception as error:
            print(name, "FAILED", str(error)[:200])

HEAD = '''<?xml version="1.0" encoding="UTF-8"?>
<PMML xmlns="http://www.dmg.org/PMML-4_{v}" version="4.{v}"><Header><Application name="{app}" version="1.0"/></Header>
<DataDictionary><DataField name="age" optype="continuous" dataType="double"/><DataField name="income" optype="continuous" dataType="double"/>
<DataField name="job" optype="categorical" dataType="string"><Value value="clerk"/><Value value="cook"/><Value value="none"/><Value value="sales rep"/></DataField>
{target}</DataDictionary>
'''
SCHEMA = '<MiningSchema><MiningField name="y" usageType="target"/><MiningField name="age" {a}/><MiningField name="income" {i}/><MiningField name="job" {j}/></MiningSchema>'
CLASS = '<DataField name="y" optype="categorical" dataType="string"><Value value="bad"/><Value value="good"/></DataField>'
VALUE = '<DataField name="y" optype="continuous" dataType="double"/>'
PROBS = '<Output><OutputField name="probability(bad)" feature="probability" value="bad" optype="continuous" dataType="double"/><OutputField name="probability(good)" feature="probability" value="good" optype="continuous" dataType="double"/></Output>'

def tree(strategy, no_true, default=True):
    d = lambda n: f'defaultChild="{n}"' if strategy == "defaultChild" else ""
    dist = lambda b, g: f'<ScoreDistribution value="bad" recordCount="{b}"/><ScoreDistribution value="good" recordCount="{g}"/>'
    return f'''<TreeModel functionName="classification" missingValueStrategy="{strategy}" noTrueChildStrategy="{no_true}" splitCharacteristic="multiSplit">{SCHEMA.format(a="", i="", j="")}{PROBS}
<Node id="1" score="good" {d(2)}><True/>{dist(40, 60)}
<Node id="2" score="bad" {d(5)}><SimplePredicate field="age" operator="lessThan" value="35"/>{dist(30, 10)}
  <Node id="4" score="bad"><SimpleSetPredicate field="job" booleanOperator="isIn"><Array type="string" n="2">none "sales rep"</Array></SimpleSetPredicate>{dist(25, 2)}</Node>
  <Node id="5" score="good"><SimpleSetPredicate field="job" booleanOperator="isIn"><Array type="string" n="1">cook</Array></SimpleSetPredicate>{dist(5, 8)}</Node></Node>
<Node id="3" score="good" {d(7)}><SimplePredicate field="age" operator="greaterOrEqual" value="35"/>{dist(10, 50)}
  <Node id="6" score="bad"><CompoundPredicate booleanOperator="and"><SimplePredicate field="income" operator="lessOrEqual" value="30000"/><SimplePredicate field="job" operator="notEqual" value="clerk"/></CompoundPredicate>{dist(8, 7)}</Node>
  <Node id="7" score="good"><CompoundPredicate booleanOperator="surrogate"><SimplePredicate field="income" operator="greaterThan" value="30000"/><SimplePredicate field="age" operator="greaterThan" value="50"/><True/></CompoundPredicate>{dist(2, 43)}</Node></Node>
</Node></TreeModel></PMML>'''

def by_hand():
    gaps = rows(14) + [{"age": 30.0, "income": 1000.0, "job": None}, {"age": None, "income": 90000.0, "job": "cook"}, {"age": 55.0, "income": None, "job": "none"}, {"age": 35.0, "income": 30000.0, "job": "clerk"}, {"age": None, "income": None, "job": None}]
    for strategy in ["none", "defaultChild", "lastPrediction", "nullPrediction"]:
        for no_true in ["returnNullPrediction", "returnLastPrediction"]:
            keep(f"tree-{strategy}-{no_true}", HEAD.format(v=2, app="KNIME", target=CLASS) + tree(strategy, no_true), gaps)
    regression = '''<RegressionModel functionName="regression" normalizationMethod="{n}">{s}<Targets><Target field="y" min="-3" rescaleFactor="2" rescaleConstant="1.5"/></Targets><LocalTransformations>
<DerivedField name="scaled" optype="continuous" dataType="double"><NormContinuous field="income" outliers="asExtremeValues" mapMissingTo="0.25"><LinearNorm orig="0" norm="0"/><LinearNorm orig="30000" norm="0.7"/><LinearNorm orig="90000" norm="1"/></NormContinuous></DerivedField>
<DerivedField name="band" optype="categorical" dataType="string"><Discretize field="age" mapMissingTo="old" defaultValue="old"><DiscretizeBin binValue="young"><Interval closure="openOpen" rightMargin="35"/></DiscretizeBin><DiscretizeBin binValue="middle"><Interval closure="closedOpen" leftMargin="35" rightMargin="60"/></DiscretizeBin></Discretize></DerivedField>
<DerivedField name="weight" optype="continuous" dataType="double"><MapValues outputColumn="out" defaultValue="0.1" mapMissingTo="-1" dataType="double"><FieldColumnPair field="job" column="in"/><InlineTable><row><in>clerk</in><out>1.25</out></row><row><in>cook</in><out>2</out></row></InlineTable></MapValues></DerivedField>
<DerivedField name="logged" optype="continuous" dataType="double"><Apply function="if"><Apply function="and"><Apply function="greaterThan"><FieldRef field="income"/><Constant dataType="double">1</Constant></Apply><Apply function="isNotMissing"><FieldRef field="age"/></Apply></Apply><Apply function="ln"><FieldRef field="income"/></Apply><Constant dataType="double">0</Constant></Apply></DerivedField>
</LocalTransformations><RegressionTable intercept="0.5"><NumericPredictor name="scaled" exponent="2" coefficient="-1.5"/><NumericPredictor name="weight" coefficient="0.3"/><NumericPredictor name="logged" coefficient="0.01"/><CategoricalPredictor name="band" value="young" coefficient="0.8"/><CategoricalPredictor name="band" value="middle" coefficient="-0.4"/><PredictorTerm coefficient="0.2"><FieldRef field="scaled"/><FieldRef field="weight"/></PredictorTerm></RegressionTable></RegressionModel></PMML>'''
    treated = SCHEMA.format(a='missingValueReplacement="41" outliers="asExtremeValues" lowValue="20" highValue="70"', i='missingValueReplacement="1234.5"', j='invalidValueTreatment="asMissing"')
    extra = gaps + [{"age": 99.0, "income": 1e6, "job": "pilot"}, {"age": 2.0, "income": -5.0, "job": "clerk"}]
    for n in ["none", "exp", "logit", "cloglog"]:
        keep(f"regression-{n}", HEAD.format(v=4, app="R pmml", target=VALUE) + regression.format(n=n, s=treated), extra)
    keep("regression-strict", HEAD.format(v=1, app="SAS", target=VALUE) + '<RegressionModel functionName="regression">' + SCHEMA.format(a="", i="", j="") + '<RegressionTable intercept="1"><NumericPredictor name="age" coefficient="2"/><NumericPredictor name="income" coefficient="0.001"/><CategoricalPredictor name="job" value="cook" coefficient="7"/></RegressionTable></RegressionModel></PMML>', extra)
    card = '<Scorecard functionName="regression" initialScore="100" useReasonCodes="false">' + SCHEMA.format(a="", i="", j='invalidValueTreatment="asIs"') + '''<Characteristics>
<Characteristic name="c1"><Attribute partialScore="-1"><SimplePredicate field="age" operator="isMissing"/></Attribute><Attribute partialScore="10"><SimplePredicate field="age" operator="lessThan" value="30"/></Attribute><Attribute partialScore="25.5"><CompoundPredicate booleanOperator="and"><SimplePredicate field="age" operator="greaterOrEqual" value="30"/><SimplePredicate field="age" operator="lessThan" value="60"/></CompoundPredicate></Attribute><Attribute partialScore="3"><SimplePredicate field="age" operator="greaterOrEqual" value="60"/></Attribute></Characteristic>
<Characteristic name="c2"><Attribute partialScore="12"><SimpleSetPredicate field="job" booleanOperator="isIn"><Array type="string" n="2">clerk cook</Array></SimpleSetPredicate></Attribute><Attribute partialScore="4"><True/></Attribute></Characteristic>
<Characteristic name="c3"><Attribute partialScore="30"><SimplePredicate field="income" operator="greaterThan" value="40000"/></Attribute><Attribute partialScore="15"><CompoundPredicate booleanOperator="xor"><SimplePredicate field="income" operator="greaterThan" value="20000"/><SimplePredicate field="age" operator="greaterThan" value="50"/></CompoundPredicate></Attribute><Attribute partialScore="0"><SimplePredicate field="income" operator="lessOrEqual" value="40000"/></Attribute></Characteristic>
</Characteristics></Scorecard></PMML>'''
    keep("scorecard", HEAD.format(v=3, app="KNIME", target=VALUE) + card, extra)
    stump = lambda i, cut, w: f'<Segment id="{i}" weight="{w}"><True/><TreeModel functionName="classification">{SCHEMA.format(a="", i="", j="")}<Node score="good"><True/><Node score="bad"><SimplePredicate field="age" operator="lessOrEqual" value="{cut}"/><ScoreDistribution value="bad" recordCount="7"/><ScoreDistribution value="good" recordCount="{i}"/></Node><Node score="good"><SimplePredicate field="age" operator="greaterThan" value="{cut}"/><ScoreDistribution value="bad" recordCount="{i}"/><ScoreDistribution value="good" recordCount="9"/></Node></Node></TreeModel></Segment>'
    for method in ["majorityVote", "weightedMajorityVote", "average", "weightedAverage"]:
        keep(f"ensemble-{method}", HEAD.format(v=2, app="R pmml", target=CLASS) + f'<MiningModel functionName="classification">{SCHEMA.format(a="", i="", j="")}{PROBS}<Segmentation multipleModelMethod="{method}">{stump(1, 30, 0.5)}{stump(2, 45, 0.3)}{stump(3, 60, 0.4)}</Segmentation></MiningModel></PMML>', rows(16))
    line = lambda a, b: f'<RegressionModel functionName="regression">{SCHEMA.format(a="", i="", j="")}<RegressionTable intercept="{a}"><NumericPredictor name="age" coefficient="{b}"/></RegressionTable></RegressionModel>'
    for method in ["selectFirst", "sum", "average"]:
        keep(f"segments-{method}", HEAD.format(v=2, app="SAS", target=VALUE) + f'<MiningModel functionName="regression">{SCHEMA.format(a="", i="", j="")}<Segmentation multipleModelMethod="{method}"><Segment><SimplePredicate field="job" operator="equal" value="cook"/>{line(1, 2)}</Segment><Segment><SimplePredicate field="income" operator="greaterThan" value="30000"/>{line(5, -1)}</Segment><Segment><SimplePredicate field="job" operator="notEqual" value="none"/>{line(7, 0.1)}</Segment></Segmentation></MiningModel></PMML>', rows(16))

glm='''<GeneralRegressionModel functionName="regression" modelType="{t}" {extra}>{s}<ParameterList><Parameter name="p0" label="(Intercept)"/><Parameter name="p1" label="age"/><Parameter name="p2" label="jobcook"/><Parameter name="p3" label="age:jobnone"/></ParameterList><FactorList><Predictor name="job"/></FactorList><CovariateList><Predictor name="age"/></CovariateList><PPMatrix><PPCell value="1" predictorName="age" parameterName="p1"/><PPCell value="cook" predictorName="job" parameterName="p2"/><PPCell value="2" predictorName="age" parameterName="p3"/><PPCell value="none" predictorName="job" parameterName="p3"/></PPMatrix><ParamMatrix><PCell parameterName="p0" beta="0.5"/><PCell parameterName="p1" beta="0.01"/><PCell parameterName="p2" beta="-0.4"/><PCell parameterName="p3" beta="0.0002"/></ParamMatrix></GeneralRegressionModel></PMML>'''
multi='''<GeneralRegressionModel functionName="classification" modelType="multinomialLogistic" targetReferenceCategory="good">{s}{p}<ParameterList><Parameter name="p0"/><Parameter name="p1"/><Parameter name="p2"/></ParameterList><FactorList><Predictor name="job"/></FactorList><CovariateList><Predictor name="age"/></CovariateList><PPMatrix><PPCell value="1" predictorName="age" parameterName="p1"/><PPCell value="cook" predictorName="job" parameterName="p2"/></PPMatrix><ParamMatrix><PCell targetCategory="bad" parameterName="p0" beta="2.5"/><PCell targetCategory="bad" parameterName="p1" beta="-0.06"/><PCell targetCategory="bad" parameterName="p2" beta="-0.4"/></ParamMatrix></GeneralRegressionModel></PMML>'''
rs='''<RuleSetModel functionName="classification">{s}<RuleSet defaultScore="good" defaultConfidence="0.3"><RuleSelectionMethod criterion="{c}"/><SimpleRule id="a" score="bad" weight="0.7" confidence="0.8"><SimplePredicate field="age" operator="lessThan" value="35"/></SimpleRule><CompoundRule><SimplePredicate field="income" operator="greaterThan" value="20000"/><SimpleRule id="b" score="good" weight="0.9" confidence="0.6"><SimplePredicate field="job" operator="equal" value="cook"/></SimpleRule><SimpleRule id="c" score="bad" weight="0.4" confidence="0.5"><SimplePredicate field="age" operator="greaterThan" value="60"/></SimpleRule></CompoundRule></RuleSet></RuleSetModel></PMML>'''

def others_by_hand():
    schema = SCHEMA.format(a="", i="", j="")
    for link in ["log", "logit", "cloglog"]:
        keep("glm-" + link, HEAD.format(v=3, app="R pmml", target=VALUE) + glm.format(t="generalizedLinear", extra=f'distribution="normal" linkFunction="{link}"', s=schema), rows(12))
    keep("glm-multinomial", HEAD.format(v=3, app="SPSS", target=CLASS) + multi.format(s=schema, p=PROBS), rows(12))
    for criterion in ["firstHit", "weightedSum"]:
        keep("rules-" + criterion, HEAD.format(v=2, app="SPSS", target=CLASS) + rs.format(c=criterion, s=schema), rows(16))

cluster = '''<ClusteringModel functionName="clustering" modelClass="centerBased" numberOfClusters="3"><MiningSchema><MiningField name="age"/><MiningField name="income"/></MiningSchema>
<LocalTransformations><DerivedField name="thousands" optype="continuous" dataType="double"><Apply function="/"><FieldRef field="income"/><Constant dataType="double">1000</Constant></Apply></DerivedField></LocalTransformations>
<ComparisonMeasure kind="distance"><{m}/></ComparisonMeasure><ClusteringField field="age" compareFunction="absDiff" fieldWeight="{w}"/><ClusteringField field="thousands" compareFunction="absDiff"/>
<Cluster id="a" name="young"><Array n="2" type="real">28 22.5</Array></Cluster><Cluster id="b"><Array n="2" type="real">47.5 40</Array></Cluster><Cluster {id}><Array n="2" type="real">66 61</Array></Cluster></ClusteringModel></PMML>'''

def clusters():
    some = [{k: r[k] for k in ("age", "income")} for r in rows(24)]
    for m in ["euclidean", "squaredEuclidean", "cityBlock", "chebychev"]:
        keep("clusters-" + m, HEAD.format(v=3, app="KNIME", target="") + cluster.format(m=m, w=1 if m == "euclidean" else 2.5, id='id="c"'), some + [{"age": None, "income": 1.0}, {"age": 70.0, "income": None}, {"age": None, "income": None}])
    keep("clusters-numbered", HEAD.format(v=3, app="R pmml", target="") + cluster.format(m="euclidean", w=1, id="").replace('id="a" ', "").replace('id="b"', ""), some)

ordinal = '''<GeneralRegressionModel functionName="classification" modelType="ordinalMultinomial" cumulativeLink="{link}" {extra}>{s}{p}<ParameterList><Parameter name="p0"/><Parameter name="p1"/><Parameter name="p2"/></ParameterList><FactorList><Predictor name="job"/></FactorList><CovariateList><Predictor name="age"/></CovariateList><PPMatrix><PPCell value="1" predictorName="age" parameterName="p1"/><PPCell value="cook" predictorName="job" parameterName="p2"/></PPMatrix><ParamMatrix><PCell targetCategory="low" parameterName="p0" beta="-1.2"/><PCell targetCategory="mid" parameterName="p0" beta="0.3"/><PCell parameterName="p1" beta="0.02"/><PCell parameterName="p2" beta="-0.4"/></ParamMatrix></GeneralRegressionModel></PMML>'''
THREE = '<DataField name="y" optype="ordinal" dataType="string"><Value value="low"/><Value value="mid"/><Value value="high"/></DataField>'
PROBS3 = "<Output>" + "".join(f'<OutputField name="probability({v})" feature="probability" value="{v}" optype="continuous" dataType="double"/>' for v in ["low", "mid", "high"]) + "</Output>"

def links():
    schema = SCHEMA.format(a="", i="", j="")
    head = HEAD.format(v=3, app="SPSS", target=VALUE)
    for link, extra in {"probit": "", "loglog": "", "logc": "", "negbin": 'distParameter="0.8"', "power": 'linkParameter="0.5"', "oddspower": 'linkParameter="-0.3"'}.items():
        keep("glm-" + link, head + glm.format(t="generalizedLinear", extra=f'linkFunction="{link}" {extra}', s=schema), rows(12))
    # An offset of a field and trials as a number; rows without the offset have no answer.
    gap = [{"age": 41.0, "income": None, "job": "cook"}, {"age": None, "income": 10.0, "job": "cook"}]
    scaled = SCHEMA.format(a="", i="", j="") + '<LocalTransformations><DerivedField name="small" optype="continuous" dataType="double"><Apply function="/"><FieldRef field="income"/><Constant dataType="double">100000</Constant></Apply></DerivedField></LocalTransformations>'
    keep("glm-offset", head + glm.format(t="generalizedLinear", extra='linkFunction="probit" offsetVariable="small" trialsValue="12"', s=scaled), rows(12) + gap)
    keep("glm-offset-value", head + glm.format(t="generalizedLinear", extra='linkFunction="logit" offsetValue="-0.75"', s=schema), rows(6))
    for link in ["logit", "probit", "cloglog", "loglog", "cauchit"]:
        keep("glm-ordinal-" + link, HEAD.format(v=3, app="SPSS", target=THREE) + ordinal.format(link=link, extra='offsetValue="-0.5"' if link == "loglog" else "", s=schema, p=PROBS3), rows(16))
    regression = '<RegressionModel functionName="{f}" normalizationMethod="{n}">{s}{o}<RegressionTable intercept="-1.5"{a}><NumericPredictor name="age" coefficient="0.04"/><CategoricalPredictor name="job" value="cook" coefficient="0.7"/></RegressionTable>{b}</RegressionModel></PMML>'
    for n in ["probit", "cauchit"]:
        keep("regression-" + n, head + regression.format(f="regression", n=n, s=schema, o="", a="", b=""), rows(12))
        keep(f"regression-{n}-classes", HEAD.format(v=3, app="SPSS", target=CLASS) + regression.format(f="classification", n=n, s=schema, o=PROBS, a=' targetCategory="bad"', b='<RegressionTable intercept="0" targetCategory="good"/>'), rows(12))

def reason_codes():
    def card(options, fields, shared):
        one = "A1" if not shared else "B"
        return f'''<Scorecard functionName="regression" initialScore="10" {options}>{SCHEMA.format(a="", i="", j="")}<Output>{fields}</Output><Characteristics>
<Characteristic name="c1" baselineScore="18" reasonCode="A"><Attribute partialScore="-1"><SimplePredicate field="age" operator="isMissing"/></Attribute><Attribute partialScore="10" reasonCode="{one}"><SimplePredicate field="age" operator="lessThan" value="30"/></Attribute><Attribute partialScore="25.5"><SimplePredicate field="age" operator="lessThan" value="60"/></Attribute><Attribute partialScore="3"><SimplePredicate field="age" operator="greaterOrEqual" value="60"/></Attribute></Characteristic>
<Characteristic name="c2" reasonCode="B"><Attribute partialScore="12"><SimpleSetPredicate field="job" booleanOperator="isIn"><Array type="string" n="2">clerk cook</Array></SimpleSetPredicate></Attribute><Attribute partialScore="4"><True/></Attribute></Characteristic>
<Characteristic name="c3" baselineScore="20"><Attribute partialScore="30" reasonCode="C1"><SimplePredicate field="income" operator="greaterThan" value="40000"/></Attribute><Attribute partialScore="12" reasonCode="C2"><SimplePredicate field="income" operator="greaterThan" value="20000"/></Attribute><Attribute reasonCode="C3"><SimplePredicate field="income" operator="lessOrEqual" value="20000"/><ComplexPartialScore><Apply function="/"><FieldRef field="income"/><Constant dataType="double">1000</Constant></Apply></ComplexPartialScore></Attribute></Characteristic>
</Characteristics></Scorecard></PMML>'''
    field = lambda i: f'<OutputField name="reason {i}" feature="reasonCode" rank="{i}" optype="categorical" dataType="string"/>'
    extra = [{"age": None, "income": 90000.0, "job": "cook"}, {"age": 55.0, "income": None, "job": "none"}, {"age": 20.0, "income": 20001.0, "job": "none"}, {"age": 61.0, "income": 500.0, "job": "none"}]
    head = HEAD.format(v=3, app="KNIME", target=VALUE)
    keep("scorecard-reasons", head + card('baselineScore="12"', "".join(map(field, [1, 2, 3, 4])), False), rows(20) + extra)
    keep("scorecard-reasons-above", head + card('baselineScore="4" reasonCodeAlgorithm="pointsAbove"', field(2) + field(1), False), rows(20) + extra)
    keep("scorecard-reasons-shared", head + card('baselineScore="12" reasonCodeAlgorithm="pointsBelow"', "".join(map(field, [1, 2, 3])), True), rows(20) + extra)

def neighbors():
    fields = '<DataDictionary><DataField name="age" optype="continuous" dataType="double"/><DataField name="income" optype="continuous" dataType="double"/>{target}</DataDictionary>'
    def model(target, f, options, measure, weights, table):
        cells = "".join(f"<row><a>{float(r.age)!r}</a><i>{float(r.income)!r}</i><t>{t}</t></row>" for r, t in zip(table[0].itertuples(), table[1]))
        return f'''<?xml version="1.0"?><PMML version="4.3" xmlns="http://www.dmg.org/PMML-4_3"><Header><Application name="KNIME"/></Header>{fields.format(target=target)}
<NearestNeighborModel functionName="{f}" {options}><MiningSchema><MiningField name="y" usageType="target"/><MiningField name="age"/><MiningField name="income"/></MiningSchema>
<TrainingInstances isTransformed="false"><InstanceFields><InstanceField field="age" column="a"/><InstanceField field="income" column="i"/><InstanceField field="y" column="t"/></InstanceFields><InlineTable>{cells}</InlineTable></TrainingInstances>
<ComparisonMeasure kind="distance">{measure}</ComparisonMeasure><KNNInputs><KNNInput field="age" fieldWeight="{weights}"/><KNNInput field="income"/></KNNInputs></NearestNeighborModel></PMML>'''
    # Whole numbers of a small range: many rows at the same distance, many votes that are even.
    coarse = pd.DataFrame({"age": (frame.age // 10 * 10), "income": (frame.income // 20000 * 10)}).head(60)
    asked = [{"age": float(a), "income": float(i)} for a in (20, 40, 45, 70, 95) for i in (0, 10, 15, 40)] + [{"age": None, "income": 20.0}, {"age": 40.0, "income": None}, {"age": None, "income": None}]
    words = '<DataField name="y" optype="categorical" dataType="string"/>'
    for name, options, measure, weight in [("vote", 'numberOfNeighbors="4"', "<euclidean/>", 1), ("vote-weighted", 'numberOfNeighbors="5" categoricalScoringMethod="weightedMajorityVote" threshold="0.5"', "<cityBlock/>", 2), ("vote-squared", 'numberOfNeighbors="2"', "<squaredEuclidean/>", 0.5)]:
        keep("neighbors-" + name, model(words, "classification", options, measure, weight, (coarse, three[:60])), asked, "hand")
    whole = '<DataField name="y" optype="categorical" dataType="integer"/>'
    keep("neighbors-vote-numbers", model(whole, "classification", 'numberOfNeighbors="4"', "<chebychev/>", 1, (coarse, [(9, 10, 101)[r] for r in np.clip(risk, 0, 2)[:60]])), asked, "hand")
    number = '<DataField name="y" optype="continuous" dataType="double"/>'
    for name, options, measure in [("mean", 'numberOfNeighbors="3"', "<chebychev/>"), ("mean-weighted", 'numberOfNeighbors="4" continuousScoringMethod="weightedAverage"', "<euclidean/>"), ("median", 'numberOfNeighbors="5" continuousScoringMethod="median"', '<minkowski p-parameter="3"/>'), ("median-even", 'numberOfNeighbors="4" continuousScoringMethod="median"', "<cityBlock/>")]:
        keep("neighbors-" + name, model(number, "regression", options, measure, 1, (coarse, [repr(float(v)) for v in amount[:60].round(2)])), asked, "hand")

def functions():
    calls = {"ln1p": "{a}", "expm1": "{b}", "rint": "{h}", "modulo": "{a}{h}", "hypot": "{a}{b}", "sin": "{a}", "cos": "{a}", "tan": "{a}", "asin": "{b}", "acos": "{b}", "atan": "{a}", "sinh": "{b}", "cosh": "{b}", "tanh": "{b}"}
    small = '<Apply function="/"><FieldRef field="income"/><Constant dataType="double">200000</Constant></Apply>'
    half = '<Apply function="-"><Apply function="/"><FieldRef field="age"/><Constant dataType="double">2</Constant></Apply><Constant dataType="double">20.25</Constant></Apply>'
    age = '<FieldRef field="age"/>'
    derived = "".join(f'<DerivedField name="{n}" optype="continuous" dataType="double"><Apply function="{n}">{c.format(a=age, b=small, h=half)}</Apply></DerivedField>' for n, c in calls.items())
    terms = "".join(f'<NumericPredictor name="{n}" coefficient="{i + 1}"/>' for i, n in enumerate(calls))
    text = HEAD.format(v=4, app="SAS", target=VALUE) + f'<RegressionModel functionName="regression"><MiningSchema><MiningField name="y" usageType="target"/><MiningField name="age"/><MiningField name="income"/></MiningSchema><LocalTransformations>{derived}</LocalTransformations><RegressionTable intercept="1">{terms}</RegressionTable></RegressionModel></PMML>'
    keep("functions", text, [{k: r[k] for k in ("age", "income")} for r in rows(25)] + [{"age": 5.0, "income": -30000.5}, {"age": 61.5, "income": 1.0}], "hand")
    for outliers in ("asIs", "asMissingValues", "asExtremeValues"):
        # At 30 the points are one behind the other, at 10 and 70 several of one place.
        steps = "".join(f'<LinearNorm orig="{o}" norm="{n}"/>' for o, n in [(10, 0), (10, 0.25), (30, 0.3), (40, 0.5), (55, 0.7), (70, 1), (70, 2), (70, 3)] if outliers != "asMissingValues" or n != 0.25)
        derived = f'<DerivedField name="steps" optype="continuous" dataType="double"><NormContinuous field="age" outliers="{outliers}" mapMissingTo="-7">{steps}</NormContinuous></DerivedField>'
        text = HEAD.format(v=4, app="SAS", target=VALUE) + f'<RegressionModel functionName="regression"><MiningSchema><MiningField name="y" usageType="target"/><MiningField name="age"/></MiningSchema><LocalTransformations>{derived}</LocalTransformations><RegressionTable intercept="0"><NumericPredictor name="steps" coefficient="1"/></RegressionTable></RegressionModel></PMML>'
        keep("steps-" + outliers, text, [{"age": a} for a in (5.0, 10.0, 10.5, 29.0, 30.0, 31.0, 40.0, 44.5, 55.0, 69.5, 70.0, 71.0, None)], "hand")

def more_functions():
    """Each of its own, so that one that is refused hides none: over a double, a whole number and a text, all of which may be missing."""
    a, n, t = '<FieldRef field="age"/>', '<FieldRef field="count"/>', '<FieldRef field="job"/>'
    c = lambda v, kind="double": f'<Constant dataType="{kind}">{v}</Constant>'
    call = lambda f, *args: f'<Apply function="{f}" defaultValue="-99">{"".join(args)}</Apply>'
    two, three_, seven = c(2, "integer"), c(3, "integer"), c(7, "integer")
    all_of = {
        "abs": call("abs", call("-", a, c(50))), "ceil": call("ceil", call("/", a, c(7))), "floor": call("floor", call("/", a, c(-7))), "round": call("round", call("-", call("/", a, c(2)), c(20))), "exp": call("exp", call("/", a, c(30))),
        "ln": call("ln", a), "log10": call("log10", a), "sqrt": call("sqrt", a), "pow": call("pow", a, c(1.5)), "threshold": call("threshold", a, c(41)),
        "min": call("min", a, n, c(40)), "max": call("max", a, n, c(40)), "sum": call("sum", a, n, c(1)), "avg": call("avg", a, n, c(1)), "product": call("product", a, n),
        "plus-whole": call("+", n, two), "minus-whole": call("-", n, seven), "times-whole": call("*", n, n), "over-whole": call("/", n, three_), "over-mixed": call("/", n, c(3)), "modulo-whole": call("modulo", n, three_), "modulo-negative": call("modulo", call("-", n, seven), three_), "pow-whole": call("pow", n, two),
        "if": call("if", call("greaterThan", a, c(40)), n, c(-1, "integer")), "if-short": call("if", call("lessThan", a, c(40)), n), "equal": call("if", call("equal", n, three_), c(1), c(0)), "not-equal": call("if", call("notEqual", t, c("cook", "string")), c(1), c(0)),
        "is-in": call("if", call("isIn", t, c("cook", "string"), c("clerk", "string")), c(1), c(0)), "is-not-in": call("if", call("isNotIn", n, two, three_), c(1), c(0)),
        "and-missing": call("if", call("and", call("greaterThan", a, c(40)), call("lessThan", n, three_)), c(1), c(0)), "or-missing": call("if", call("or", call("greaterThan", a, c(40)), call("lessThan", n, three_)), c(1), c(0)), "not": call("if", call("not", call("greaterThan", a, c(40))), c(1), c(0)),
        "is-missing": call("if", call("isMissing", a), c(1), c(0)), "is-not-missing": call("if", call("isNotMissing", t), c(1), c(0)), "is-valid": call("if", call("isValid", n), c(1), c(0)),
        "lowercase": call("if", call("equal", call("lowercase", t), c("cook", "string")), c(1), c(0)), "uppercase": call("if", call("equal", call("uppercase", t), c("COOK", "string")), c(1), c(0)), "trim": call("if", call("equal", call("trimBlanks", t), c("cook", "string")), c(1), c(0)),
        "concat": call("if", call("equal", call("concat", t, c("!", "string")), c("cook!", "string")), c(1), c(0)), "substring": call("if", call("equal", call("substring", t, c(1, "integer"), c(2, "integer")), c("co", "string")), c(1), c(0)), "length": call("stringLength", t), "matches": call("if", call("matches", t, c("c.+k", "string")), c(1), c(0)),
        "discretize": '<Discretize field="age" defaultValue="5" mapMissingTo="-1"><DiscretizeBin binValue="1"><Interval closure="openClosed" rightMargin="30"/></DiscretizeBin><DiscretizeBin binValue="2"><Interval closure="closedOpen" leftMargin="30" rightMargin="50"/></DiscretizeBin><DiscretizeBin binValue="3"><Interval closure="closedClosed" leftMargin="45" rightMargin="60"/></DiscretizeBin></Discretize>',
        "map-values": '<MapValues outputColumn="o" defaultValue="9" mapMissingTo="-3"><FieldColumnPair field="job" column="j"/><InlineTable><row><j>cook</j><o>1</o></row><row><j>clerk</j><o>2</o></row></InlineTable></MapValues>',
        "norm-discrete": '<NormDiscrete field="job" value="cook" mapMissingTo="0.5"/>',
    }
    records = [{"age": float(a_), "count": n_, "job": j} for a_, n_, j in zip((18, 30, 41, 45, 50, 60, 64, 77, 1, 40), (0, 1, 2, 3, 4, 5, 9, 7, 8, 11), ["cook", "clerk", "none", "sales rep"] * 3)]
    records += [{"age": None, "count": 2, "job": "cook"}, {"age": 41.0, "count": None, "job": "clerk"}, {"age": 20.0, "count": 3, "job": None}, {"age": None, "count": None, "job": None}]
    for name, expression in all_of.items():
        text = f'''<?xml version="1.0"?><PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header/><DataDictionary><DataField name="age" optype="continuous" dataType="double"/><DataField name="count" optype="continuous" dataType="integer"/><DataField name="job" optype="categorical" dataType="string"/>{VALUE}</DataDictionary>
<RegressionModel functionName="regression"><MiningSchema><MiningField name="y" usageType="target"/><MiningField name="age"/><MiningField name="count"/><MiningField name="job"/></MiningSchema><LocalTransformations><DerivedField name="d" optype="continuous" dataType="double">{expression}</DerivedField></LocalTransformations><RegressionTable intercept="0"><NumericPredictor name="d" coefficient="1"/></RegressionTable></RegressionModel></PMML>'''
        try:
            keep("function-" + name, text, records, "hand")
        except Exception as error:
            print(name, str(error)[:200])

def ties():
    target = '<DataField name="y" optype="categorical" dataType="string"><Value value="b"/><Value value="c"/><Value value="a"/></DataField>'
    schema = SCHEMA.format(a="", i="", j="")
    tree = lambda i, s, dist="", holds="<True/>": f'<Segment id="{i}">{holds}<TreeModel functionName="classification">{schema}<Node score="{s}"><True/>{dist}</Node></TreeModel></Segment>'
    line = lambda i, s, sign: f'<Segment id="{i}"><True/><RegressionModel functionName="classification" normalizationMethod="logit">{schema}<RegressionTable intercept="{-40 * sign}" targetCategory="{s[0]}"><NumericPredictor name="age" coefficient="{sign}"/></RegressionTable><RegressionTable intercept="0" targetCategory="{s[1]}"/></RegressionModel></Segment>'
    young = '<SimplePredicate field="age" operator="lessThan" value="45"/>'
    segments = {
        "trees": ("majorityVote", "".join(tree(i, s) for i, s in enumerate("cabbac"))), "trees-conditions": ("majorityVote", tree(1, "a", holds=young) + tree(2, "c") + tree(3, "b") + tree(4, "b", holds=young)),
        "lines": ("majorityVote", line(1, ["good", "bad"], 0.1) + tree(2, "bad")), "average": ("average", "".join(tree(i, d[0], "".join(f'<ScoreDistribution value="{s}" recordCount="2"/>' for s in d)) for i, d in enumerate(["cab", "cab"]))),
    }
    for name, (method, parts) in segments.items():
        keep("ties-" + name, HEAD.format(v=2, app="R", target=CLASS if name == "lines" else target) + f'<MiningModel functionName="classification">{schema}<Segmentation multipleModelMethod="{method}">{parts}</Segmentation></MiningModel></PMML>', rows(12))
    keep("ties-softmax", HEAD.format(v=2, app="R", target=target) + f'<RegressionModel functionName="classification" normalizationMethod="softmax">{schema}' + "".join(f'<RegressionTable intercept="0" targetCategory="{s}"/>' for s in "cba") + '</RegressionModel></PMML>', rows(3))
    value = lambda i, w: f'<Segment id="{i}" weight="{w}"><True/><RegressionModel functionName="regression">{schema}<RegressionTable intercept="{(i * 37) % 11}"><NumericPredictor name="age" coefficient="{[0.3, -0.2, 0.1, 0.05][i]}"/></RegressionTable></RegressionModel></Segment>'
    for method, weights in [("median", [1, 1, 1]), ("median", [1, 1, 1, 1]), ("weightedMedian", [0.4, 1.0, 0.7, 0.2])]:
        keep(f"ensemble-{method}-{len(weights)}", HEAD.format(v=4, app="SAS", target=VALUE) + f'<MiningModel functionName="regression">{schema}<Segmentation multipleModelMethod="{method}">{"".join(value(i, w) for i, w in enumerate(weights))}</Segmentation></MiningModel></PMML>', rows(15))
    leaf = lambda s, ps: f'<Node score="{s}"><SimplePredicate field="age" operator="{"lessThan" if s == "a" else "greaterOrEqual"}" value="40"/>' + "".join(f'<ScoreDistribution value="{v}" probability="{q}"/>' for v, q in zip("bca", ps)) + "</Node>"
    keep("tree-probabilities-alone", HEAD.format(v=4, app="SAS", target=target) + f'<TreeModel functionName="classification">{schema}<Node><True/>{leaf("a", [0.25, 0.25, 0.5])}{leaf("b", [0.625, 0.375, 0])}</Node></TreeModel></PMML>', rows(8))

if __name__ == "__main__":
    for make in (ties, neighbors, functions, more_functions, links, reason_codes, by_hand, others_by_hand, clusters, exported):
        make()
