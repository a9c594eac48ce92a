// A part that is fetched when it is first shown.

import type { ComponentType, VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { asApiError, type ApiError } from "../api/client.ts";
import { Failure, Loading } from "../parts/basics.tsx";

export function lazyPart<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  let known: ComponentType<P> | undefined;
  return function Part(props: P): VNode {
    const [Inside, setInside] = useState<ComponentType<P> | undefined>(() => known);
    const [failure, setFailure] = useState<ApiError | undefined>(undefined);
    useEffect(() => {
      if (known !== undefined) return;
      load().then((Loaded) => {
        known = Loaded;
        setInside(() => Loaded);
      }, (error: unknown) => setFailure(asApiError(error)));
    }, []);
    if (failure !== undefined) return <Failure error={failure} retry={() => location.reload()} />;
    return Inside === undefined ? <Loading /> : <Inside {...props} />;
  };
}
