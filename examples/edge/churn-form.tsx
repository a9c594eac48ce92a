// A React component that asks the model in its own worker while somebody types.
//   slipway edge churn.slip -o public/churn --target browser
// puts the package and worker.js where the page finds them.

import type { LoadOptions } from "@slipway/edge";
import { useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { useModel } from "./use-model.tsx";

interface Answer {
  readonly probabilities: { readonly leaves: number };
}
const OPTIONS: LoadOptions = { worker: "./worker.js" };

function ChurnForm() {
  const { model, error } = useModel("./churn.slip", OPTIONS);
  const [months, setMonths] = useState(14);
  const [answer, setAnswer] = useState("...");
  useEffect(() => {
    let late = false;
    model?.predict([{ contract: "one year", internet: "dsl", tenure_months: months, monthly_charges: 40, support_calls: 2, senior: false }]).then(
      ([row]) => late || setAnswer(`leaves with ${(100 * (row as Answer).probabilities.leaves).toFixed(1)} %`),
      (failure: Error) => late || setAnswer(failure.message),
    );
    return () => {
      late = true;
    };
  }, [model, months]);
  if (error !== undefined) return <p role="alert">{error.message}</p>;
  if (model === undefined) return <p>loading ...</p>;
  return (
    <form>
      <label>Months as a customer <input type="number" value={months} onChange={(event) => setMonths(event.target.valueAsNumber)} /></label>
      <output>{answer}</output>
    </form>
  );
}

createRoot(document.getElementById("root")!).render(<ChurnForm />);
