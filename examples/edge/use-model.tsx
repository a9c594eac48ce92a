// A React hook: the model, once it is loaded and has answered its own checked rows.

import { loadModel, type EdgeModel, type LoadOptions } from "@slipway/edge";
import { useEffect, useState } from "react";

export interface Loading {
  readonly model?: EdgeModel;
  readonly error?: Error;
}

/** `options` must stay the same object from one render to the next. */
export function useModel(address: string, options: LoadOptions): Loading {
  const [loading, setLoading] = useState<Loading>({});
  useEffect(() => {
    let model: EdgeModel | undefined;
    let left = false;
    loadModel(address, options).then(
      (loaded) => {
        model = loaded;
        if (left) void loaded.close();
        else setLoading({ model: loaded });
      },
      (error: Error) => left || setLoading({ error }),
    );
    return () => {
      left = true;
      void model?.close();
    };
  }, [address, options]);
  return loading;
}
