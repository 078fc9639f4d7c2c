#!/usr/bin/env node
import process from 'node:process'

import { main } from '../dist/index.js'

const { argv, env, stdout, stderr } = process
process.exitCode = await main({ argv: argv.slice(2), cwd: process.cwd(), env, stdout, stderr })
