import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { HouseError, type Log } from "../core/index.ts";

/** Certificates are renewed by writing files; a look at two small files costs nothing. */
const TLS_POLL_MS = 5000;

export type TlsFiles = { readonly certFile: string; readonly keyFile: string };
export type TlsPair = { readonly cert: Buffer; readonly key: Buffer; readonly minVersion: "TLSv1.2" };

export type TlsWatch = {
  current(): TlsPair;
  /** Told of every later pair. */
  follow(take: (pair: TlsPair) => void): void;
  close(): void;
};

/** Certificate and key of files, read again when they change: connections that are open stay, new ones see the new certificate. */
export function watchTls(files: TlsFiles, log: Log, pollMs: number = TLS_POLL_MS): TlsWatch {
  let pair = readTls(files);
  const followers: ((pair: TlsPair) => void)[] = [];
  const look = (): void => {
    try {
      const next = readTls(files);
      if (next.cert.equals(pair.cert) && next.key.equals(pair.key)) return;
      for (const take of followers) take(next);
      pair = next;
      log.info({ event: "tls-reloaded", expires: expiryOf(next).toISOString() });
    } catch (error) {
      // Between the writing of two files they do not fit: the old pair serves on.
      log.warn({ event: "tls-reload-failed", message: (error as Error).message });
    }
  };
  const timer = setInterval(look, pollMs);
  timer.unref();
  return {
    current: () => pair,
    follow: (take) => void followers.push(take),
    close: () => clearInterval(timer),
  };
}

/** Reads both files and checks that they belong together. Throws HouseError bad-config. */
export function readTls({ certFile, keyFile }: TlsFiles): TlsPair {
  const cert = readPart("tls.certFile", certFile);
  const key = readPart("tls.keyFile", keyFile);
  try {
    const isPair = new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
    if (isPair) return { cert, key, minVersion: "TLSv1.2" };
  } catch (error) {
    throw new HouseError(
      "bad-config",
      `Cannot use the certificate "${certFile}" with the key "${keyFile}": they are not both PEM files without a passphrase`,
      { cause: error },
    );
  }
  throw new HouseError(
    "bad-config",
    `Cannot use the certificate "${certFile}": it does not belong to the key "${keyFile}"`,
  );
}

/** When a certificate ends. */
export function expiryOf({ cert }: Pick<TlsPair, "cert">): Date {
  return new Date(new X509Certificate(cert).validTo);
}

function readPart(where: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    // Not the cause's text: it may be of a file that is no certificate.
    throw new HouseError(
      "bad-config",
      `Cannot read ${where} "${file}": ${(error as NodeJS.ErrnoException).code}`,
      {
        cause: error,
      },
    );
  }
}
