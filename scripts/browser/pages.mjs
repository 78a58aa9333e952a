// Pages as a vendor would build and serve them, for tests and benches: a module bundled by Vite, an HTML page around
// it, headers, and Chromium to open it.
import { createServer } from 'node:http'
import { chromium } from 'playwright-core'
import { build } from 'vite'
import { CHROMIUM, launchArguments } from './chromium.mjs'

const HTML = '<!doctype html><meta charset="utf-8"><title>page</title><script type="module" src="/page.js"></script>'

/** Headless Chromium; the caller closes it. */
export const startChromium = () => chromium.launch({ executablePath: CHROMIUM, args: launchArguments })

/** The module at a path and all it imports, as files by name; `page.js` is where they begin. */
async function bundle(entry) {
  const { output } = await build({
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      target: 'esnext',
      rollupOptions: { input: { page: entry }, output: { entryFileNames: '[name].js' } },
    },
  })
  return new Map(output.map(({ fileName, code, source }) => [`/${fileName}`, code ?? source]))
}

/**
 * Serves a page around the module at `entry`. `?policy=` in its address is the Content-Security-Policy that it is
 * served with.
 * @returns {Promise<{ url(policy?: string): string, close(): void }>}
 */
export async function servePage(entry) {
  const files = await bundle(entry)
  const server = createServer(({ url }, response) => {
    const { pathname, searchParams } = new URL(url, 'http://localhost')
    const policy = searchParams.get('policy')
    const text = pathname === '/' ? HTML : files.get(pathname)
    response.writeHead(text === undefined ? 404 : 200, {
      'content-type': pathname === '/' ? 'text/html' : 'text/javascript',
      ...(policy && { 'content-security-policy': policy }),
    })
    response.end(text)
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://localhost:${server.address().port}/`
  return {
    url: (policy) => (policy === undefined ? origin : `${origin}?${new URLSearchParams({ policy })}`),
    close: () => server.close(),
  }
}
