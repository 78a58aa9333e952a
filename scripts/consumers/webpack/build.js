// A production build with webpack's own settings.
import { copyFileSync } from 'node:fs'
import { resolve } from 'node:path'
import webpack from 'webpack'

const path = resolve('dist')
webpack({ mode: 'production', entry: './page.js', output: { path, filename: 'page.js' } }, (error, stats) => {
  if (error || stats.hasErrors()) throw error ?? new Error(stats.toString({ all: false, errors: true }))
  copyFileSync('index.html', resolve(path, 'index.html'))
})
