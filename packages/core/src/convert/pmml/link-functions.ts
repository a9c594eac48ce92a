// The inverses of PMML's link functions (GeneralRegressionModel's linkFunction and cumulativeLink, RegressionModel's
// normalizationMethod, PMML 4.4), in double.

import type { Value } from "../../onnx/index.ts";
import type { XmlElement } from "../../formats/index.ts";
import { arctangent, erf } from "../conversion/special-functions.ts";
import type { Pmml } from "./context.ts";
import { malformed, numberOf, refuse } from "./element.ts";

/** The standard normal distribution up to `y`, the inverse of probit. */
export function inverseProbit(p: Pmml, y: Value): Value {
  const { o } = p.c;
  return o.mul(o.add(erf(p.c, o.mul(y, Math.SQRT1_2)), 1), 0.5);
}
/** The Cauchy distribution up to `y`, the inverse of cauchit. */
export function inverseCauchit(p: Pmml, y: Value): Value {
  const { o } = p.c;
  return o.add(o.mul(arctangent(p.c, y), 1 / Math.PI), 0.5);
}

/**
 * `y` [N, 1]: the linear predictor.
 *
 * @throws malformed-model without the parameter that a link needs, unsupported-option for names that are not PMML's
 */
export function inverseLink(p: Pmml, model: XmlElement, attribute: "linkFunction" | "cumulativeLink", y: Value): Value {
  const { o } = p.c;
  const link = model.attributes.get(attribute) ?? (attribute === "linkFunction" ? "identity" : "logit");
  const parameter = (name: "linkParameter" | "distParameter"): number => {
    const value = numberOf(model, name);
    if (value === undefined) throw malformed(model, `${attribute}=${link} without ${name}`);
    return value;
  };
  const logit = (): Value => o.div(1, o.add(o.exp(o.neg(y)), 1));
  switch (link) {
    case "identity": return y;
    case "log": return o.exp(y);
    case "logit": return logit();
    case "probit": return inverseProbit(p, y);
    case "cauchit": return inverseCauchit(p, y);
    case "cloglog": return o.sub(1, o.exp(o.neg(o.exp(y))));
    case "loglog": return o.exp(o.neg(o.exp(o.neg(y))));
    case "logc": return o.sub(1, o.exp(y));
    case "inverse": return o.div(1, y);
    case "negbin": return o.div(1, o.mul(o.sub(o.exp(o.neg(y)), 1), parameter("distParameter")));
    case "power": {
      const d = parameter("linkParameter");
      return d === 0 ? o.exp(y) : o.pow(y, 1 / d);
    }
    case "oddspower": {
      const d = parameter("linkParameter");
      return d === 0 ? logit() : o.div(1, o.add(o.pow(o.add(o.mul(y, d), 1), -(1 / d)), 1));
    }
    default: throw refuse(model, `${attribute}=${JSON.stringify(link.slice(0, 40))}`, "PMML has no such link");
  }
}
