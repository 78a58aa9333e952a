// A vault in a browser's database, opened by passphrase and by passkey, and the ways in which browsers and people fail
// it. Runs in Chromium only (npm run test:browser); two tabs and a quota that is used up are in
// scripts/browser/pages/pages.test.mjs.
import { systemRandom } from '@sealchart/crypto'
import type {} from '@vitest/browser-playwright'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { cdp } from 'vitest/browser'
import { browserVault, openDatabase } from '../src/vaults/browser.js'
import { openVault, type VaultHandle } from '../src/vaults/contract.js'
import { passkey } from '../src/vaults/passkey.js'
import { codeOf, seeded } from './support.js'
import { vaultSuite } from './vault-suite.js'

let names = 0
const newName = (): string => `test-${names++}`
const unlock = async () => ({ hostKey: seeded(32) })
const session = cdp()
const newVault = (): VaultHandle => browserVault({ unlock, name: newName() })
const content = Uint8Array.of(1, 2, 3)

afterEach(() => vi.restoreAllMocks())

const settled = (request: IDBOpenDBRequest): Promise<void> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve()
    request.onerror = () => reject(request.error as DOMException)
  })
const clear = (name: string): Promise<void> => settled(indexedDB.deleteDatabase(`sealchart-${name}`))

vaultSuite('a browser’s database', newVault)

describe('by passphrase', () => {
  test('opens in another tab, a wrong one does not', async () => {
    const name = newName()
    await (await openVault(browserVault({ unlock: 'correct horse', name }), systemRandom)).put('x', content)
    const again = await openVault(browserVault({ unlock: 'correct horse', name, existing: true }), systemRandom)
    expect(await again.get('x')).toEqual(content)
    expect(await codeOf(openVault(browserVault({ unlock: 'wrong horse', name }), systemRandom))).toBe('VAULT')
  })

  test('the database holds nothing but sealed blobs and tags', async () => {
    const name = newName()
    const secret = seeded(64, 9)
    await (await openVault(browserVault({ unlock, name }), systemRandom)).put('identity', secret)
    const database = await openDatabase(`sealchart-${name}`, { version: 1, closed: () => undefined })
    const all = database.transaction('blobs').objectStore('blobs').getAll()
    await new Promise((resolve) => (all.onsuccess = resolve))
    database.close()
    const rows = all.result as { bytes: Uint8Array; tag: string }[]
    expect(rows.map((row) => Object.keys(row).sort())).toEqual([
      ['bytes', 'tag'],
      ['bytes', 'tag'],
    ])
    for (const { bytes } of rows) {
      for (const hidden of [secret, seeded(32)]) {
        expect(Buffer.from(bytes).includes(Buffer.from(hidden.subarray(0, 16)))).toBe(false)
      }
    }
  })
})

describe('a database that was cleared', () => {
  test('under an open vault is VAULT_LOST for every call, and stays empty', async () => {
    const name = newName()
    const keeper = await openVault(browserVault({ unlock, name }), systemRandom)
    await keeper.put('x', content)
    await clear(name)
    expect(await codeOf(keeper.get('x'))).toBe('VAULT_LOST')
    expect(await codeOf(keeper.put('x', content))).toBe('VAULT_LOST')
    expect(await codeOf(keeper.put('y', content))).toBe('VAULT_LOST')
    expect(await codeOf(keeper.remove('x'))).toBe('VAULT_LOST')
    const { vault } = browserVault({ unlock, name })
    for (const blob of ['vault-key', 'x', 'y']) expect(await vault.read(blob)).toBeNull()
  })

  test('and made anew by another tab is VAULT_LOST too: nothing of the old vault gets into the new one', async () => {
    const name = newName()
    const keeper = await openVault(browserVault({ unlock, name }), systemRandom)
    await clear(name)
    const other = await openVault(browserVault({ unlock, name }), systemRandom)
    expect(await codeOf(keeper.put('x', content))).toBe('VAULT_LOST')
    expect(await other.get('x')).toBeNull()
    await other.put('x', content)
    expect(await codeOf(keeper.get('x'))).toBe('VAULT_LOST')
  })

  test('between two visits is VAULT_LOST where one is expected, before anybody is asked', async () => {
    const name = newName()
    await openVault(browserVault({ unlock, name }), systemRandom)
    await clear(name)
    const asked = vi.spyOn(navigator.credentials, 'create')
    for (const by of ['a passphrase', passkey()]) {
      expect(await codeOf(openVault(browserVault({ unlock: by, name, existing: true }), systemRandom))).toBe(
        'VAULT_LOST',
      )
    }
    expect(asked).not.toHaveBeenCalled()
    await openVault(browserVault({ unlock, name }), systemRandom)
  })
})

describe('a database that cannot be had', () => {
  test('is VAULT_STORAGE where there is no IndexedDB', async () => {
    vi.spyOn(globalThis, 'indexedDB', 'get').mockReturnValue(undefined as never)
    expect(await codeOf(newVault().vault.read('x'))).toBe('VAULT_STORAGE')
  })

  test('is VAULT_STORAGE in a page without an origin', async () => {
    const frame = document.createElement('iframe')
    frame.setAttribute('sandbox', 'allow-scripts')
    const answer = new Promise<string>((resolve) =>
      addEventListener('message', ({ data }) => resolve(data as string), { once: true }),
    )
    frame.srcdoc = '<script>try { indexedDB.open("x") } catch (e) { parent.postMessage(e.name, "*") }</script>'
    document.body.append(frame)
    const name = await answer
    frame.remove()
    // What such a page meets, given to the vault.
    vi.spyOn(indexedDB, 'open').mockImplementation(() => {
      throw new DOMException('refused', name)
    })
    expect(name).toBe('SecurityError')
    expect(await codeOf(newVault().vault.read('x'))).toBe('VAULT_STORAGE')
  })

  test('is VAULT_BLOCKED while older software holds it, and opens once that is gone', async () => {
    const name = newName()
    // A tab that does not make room.
    const older = indexedDB.open(`sealchart-${name}`, 1)
    await settled(older)
    const open = () => openDatabase(`sealchart-${name}`, { version: 2, closed: () => undefined })
    expect(await codeOf(open())).toBe('VAULT_BLOCKED')
    older.result.close()
    ;(await open()).close()
    expect(await codeOf(browserVault({ unlock, name }).vault.read('x'))).toBe('VAULT_BLOCKED')
  })

  test('makes room for newer software', async () => {
    const name = newName()
    const { vault } = browserVault({ unlock, name })
    await vault.write('x', content, null)
    const newer = indexedDB.open(`sealchart-${name}`, 2)
    await settled(newer)
    newer.result.close()
    expect(await codeOf(vault.read('x'))).toBe('VAULT_BLOCKED')
  })

  test('a failure of the database is VAULT_STORAGE, and the next call opens it again', async () => {
    const { vault } = newVault()
    await vault.write('x', content, null)
    const begin = vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(() => {
      throw new DOMException('broken', 'UnknownError')
    })
    expect(await codeOf(vault.read('x'))).toBe('VAULT_STORAGE')
    begin.mockRestore()
    expect((await vault.read('x'))?.bytes).toEqual(content)
  })
})

describe('by passkey', () => {
  let authenticator: string
  const attach = async (options: object = {}): Promise<void> => {
    await session.send('WebAuthn.enable')
    const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        ctap2Version: 'ctap2_1',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        hasPrf: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
        ...options,
      },
    })
    authenticator = authenticatorId
  }
  const detach = (): Promise<unknown> =>
    session.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId: authenticator })
  const open = (name: string) => openVault(browserVault({ unlock: passkey({ label: 'Dr Chan' }), name }), systemRandom)

  beforeEach(() => attach())
  afterEach(detach)

  test('is made with the vault, and opens it in another tab', async () => {
    const name = newName()
    await (await open(name)).put('x', content)
    const asked = vi.spyOn(navigator.credentials, 'create')
    expect(await (await open(name)).get('x')).toEqual(content)
    expect(asked).not.toHaveBeenCalled()
  })

  test('its PRF output, and nothing else, is the host key', async () => {
    const name = newName()
    await (await open(name)).put('x', content)
    const get = navigator.credentials.get.bind(navigator.credentials)
    let output = new Uint8Array(0)
    vi.spyOn(navigator.credentials, 'get').mockImplementation(async (options) => {
      const credential = (await get(options)) as PublicKeyCredential
      output = new Uint8Array(credential.getClientExtensionResults().prf?.results?.first as ArrayBuffer)
      return credential
    })
    await open(name)
    expect(output.length).toBe(32)
    const byHost = browserVault({ unlock: async () => ({ hostKey: output }), name })
    expect(await (await openVault(byHost, systemRandom)).get('x')).toEqual(content)
    for (const blob of ['vault-key', 'vault-passkey', 'x']) {
      const stored = (await byHost.vault.read(blob))?.bytes ?? new Uint8Array(0)
      expect(Buffer.from(stored).includes(Buffer.from(output.subarray(0, 16)))).toBe(false)
    }
  })

  test('two tabs that make one vault at once share its passkey and key', async () => {
    const name = newName()
    const source = passkey()
    // The browser itself shows one dialogue at a time: the second waits for the first.
    const create = navigator.credentials.create.bind(navigator.credentials)
    let last: Promise<unknown> = Promise.resolve()
    vi.spyOn(navigator.credentials, 'create').mockImplementation((options) => {
      const mine = last.then(() => create(options))
      last = mine
      return mine
    })
    const [a, b] = await Promise.all([
      openVault(browserVault({ unlock: source, name }), systemRandom),
      openVault(browserVault({ unlock: source, name }), systemRandom),
    ])
    await a.put('x', content)
    expect(await b.get('x')).toEqual(content)
  })

  test('another passkey’s output is VAULT', async () => {
    const name = newName()
    const other = newName()
    await open(name)
    await open(other)
    const { vault } = browserVault({ unlock, name })
    const theirs = await browserVault({ unlock, name: other }).vault.read('vault-passkey')
    const ours = await vault.read('vault-passkey')
    const tag = await vault.write('vault-passkey', theirs!.bytes, ours!.tag)
    expect(await codeOf(open(name))).toBe('VAULT')
    await vault.write('vault-passkey', ours!.bytes, tag)
    await open(name)
  })

  test('a passphrase does not open it, nor a passkey what a passphrase opens', async () => {
    const name = newName()
    await open(name)
    expect(await codeOf(openVault(browserVault({ unlock: 'a guess', name }), systemRandom))).toBe('VAULT')
    const other = newName()
    await openVault(browserVault({ unlock: 'a passphrase', name: other }), systemRandom)
    expect(await codeOf(open(other))).toBe('VAULT')
  })

  test('a damaged note of the passkey is VAULT', async () => {
    const name = newName()
    await open(name)
    const { vault } = browserVault({ unlock, name })
    await vault.write('vault-passkey', Uint8Array.of(1), (await vault.read('vault-passkey'))!.tag)
    expect(await codeOf(open(name))).toBe('VAULT')
  })

  test('an authenticator without PRF is PASSKEY_PRF, and leaves no vault behind', async () => {
    await detach()
    await attach({ hasPrf: false })
    const name = newName()
    expect(await codeOf(open(name))).toBe('PASSKEY_PRF')
    const { vault } = browserVault({ unlock, name })
    expect(await vault.read('vault-passkey')).toBeNull()
    expect(await vault.read('vault-key')).toBeNull()
  })

  test('a browser without passkeys is PASSKEY_PRF', async () => {
    vi.spyOn(navigator, 'credentials', 'get').mockReturnValue(undefined as never)
    expect(await codeOf(open(newName()))).toBe('PASSKEY_PRF')
  })

  test('a person who is not verified, or has not the passkey at hand, is PASSKEY_CANCELLED', async () => {
    const name = newName()
    await open(name)
    await session.send('WebAuthn.setUserVerified', { authenticatorId: authenticator, isUserVerified: false })
    expect(await codeOf(open(name))).toBe('PASSKEY_CANCELLED')
    await detach()
    await attach()
    expect(await codeOf(open(name))).toBe('PASSKEY_CANCELLED')
  })

  test('a domain that is not the page’s is USAGE', async () => {
    const elsewhere = browserVault({ unlock: passkey({ rpId: 'example.org' }), name: newName() })
    expect(await codeOf(openVault(elsewhere, systemRandom))).toBe('USAGE')
  })
})
