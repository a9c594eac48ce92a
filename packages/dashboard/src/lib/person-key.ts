// The person's signing key in this browser: ECDSA on P-256, made so that the private part cannot be read out, not even by
// this page; it is kept in IndexedDB and only ever signs. A copy of the browser's storage elsewhere cannot export it either.

import { signingKeyOfPlatform, type SigningKey } from "@slipway/core/signing";

const DATABASE = "slipway-keys";
const STORE = "keys";

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.addEventListener("upgradeneeded", () => request.result.createObjectStore(STORE));
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error ?? new Error("the browser keeps no keys")));
  });
}
async function store<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await open();
  try {
    return await new Promise<T>((resolve, reject) => {
      const request = work(database.transaction(STORE, mode).objectStore(STORE));
      request.addEventListener("success", () => resolve(request.result));
      request.addEventListener("error", () => reject(request.error ?? new Error("the browser keeps no keys")));
    });
  } finally {
    database.close();
  }
}

/** The key of this person in this browser, if there is one. People who share a browser have one each. */
export async function personKey(person: string): Promise<SigningKey | undefined> {
  const pair = await store<CryptoKeyPair | undefined>("readonly", (s) => s.get(person));
  return pair === undefined ? undefined : signingKeyOfPlatform(pair);
}

export async function makePersonKey(person: string): Promise<SigningKey> {
  const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
  await store("readwrite", (s) => s.put(pair, person));
  return signingKeyOfPlatform(pair);
}

export async function forgetPersonKey(person: string): Promise<void> {
  await store("readwrite", (s) => s.delete(person));
}
