export const masterKey = async (_a: string, _b: string | undefined) => Buffer.alloc(32);
