export interface TestPostgres {
    /** Of the user postgres, who needs no password. */
    readonly url: string;
    readonly port: number;
    /** The folder of the data, for pg_hba.conf and certificates. */
    readonly data: string;
    /** Makes an empty database and gives its address. */
    create(name: string): string;
    /** Runs a statement as the superuser. */
    run(sql: string, database?: string): string;
    start(): Promise<void>;
    /** Ends it: "fast" as an administrator would (connections are cut), "kill" as a crash. */
    end(how: "fast" | "kill"): Promise<void>;
    /** Ends it and removes its folder. */
    stop(): Promise<void>;
}
/** Whether tests can have one; where not, a line says how to get it. */
export declare function hasPostgres(): boolean;
export declare function freePort(): Promise<number>;
export declare function startPostgres(): Promise<TestPostgres>;
