/**
 * What a shared ledger does in one piece, in Lua. All keys have one hash tag, so that a cluster keeps them together, and
 * every one that is touched is named in KEYS. Times are Redis' own, in milliseconds.
 */
import { createHash } from 'node:crypto';

export const PREFIX = '{cn-verify}:';

export interface Script {
  lua: string;
  sha: string;
}

const TIME = `
local time = redis.call('TIME')
local micros = time[1] * 1000000 + time[2]
local now = math.floor(micros / 1000)
local function text(number) return string.format('%.0f', number) end`;

/** Days since 1970 to the Gregorian calendar; a year begins in March here, so that the leap day is its last. */
export const SHANGHAI = `
local function shanghai(milliseconds)
  local days = math.floor((milliseconds / 1000 + 28800) / 86400) + 719468
  local era = math.floor(days / 146097)
  local day = days - era * 146097
  local year = math.floor((day - math.floor(day / 1460) + math.floor(day / 36524) - math.floor(day / 146096)) / 365)
  day = day - (365 * year + math.floor(year / 4) - math.floor(year / 100))
  local month = math.floor((5 * day + 2) / 153)
  day = day - math.floor((153 * month + 2) / 5) + 1
  year = year + era * 400
  if month >= 10 then year = year + 1 end
  month = (month + 2) % 12 + 1
  return string.format('%04d-%02d-%02d', year, month, day)
end`;

/** What is claimed by a process whose lease is over is under way no more. */
const LIVES = `
local function lives(process)
  local lease = process and redis.call('HGET', processes, process)
  return lease and tonumber(lease) > now
end`;

/** `known(first, maxAge)`: of the keys from there on, those that are: `{index, state, entry, at, answer}`. */
const KNOWN = `
local function known(first, maxAge)
  local found = {}
  for index = first, #KEYS do
    local key = redis.call('HMGET', KEYS[index], 'entry', 'state', 'at', 'answer', 'process')
    local state = key[2]
    if state == 'claimed' then state = lives(key[5]) and 'under-way' or 'uncertain' end
    local isOld = state == 'answered' and maxAge ~= '' and tonumber(key[3]) < now - tonumber(maxAge)
    if state and not isOld then
      found[#found + 1] = { text(index - first), state, key[1], key[3], key[4] or '' }
    end
  end
  return found
end`;

/** `count(times)`: one more call, or one that is to be as if it had never been, where budgets and sums count it. */
const COUNT = `
local function count(day, account, operation, price)
  redis.call('HINCRBY', sums, day .. '|' .. account .. '|' .. operation .. '|uncertain', 1)
  redis.call('HINCRBY', sums, day .. '|' .. account .. '|' .. operation .. '|price', price)
  local month = day:sub(1, 7)
  local perDay = redis.call('HINCRBY', budget, day .. '|' .. account, 1)
  local perMonth = redis.call('HINCRBY', budget, month .. '|' .. account, 1)
  return perDay, perMonth
end`;

/** Writes a call down as it was claimed. */
const CLAIM = `
local function claim(id, process, call, at, keys, kept)
  redis.call('HSET', entry, 'call', call, 'at', text(at), 'state', 'claimed', 'process', process, 'keys', keys)
  redis.call('PEXPIRE', entry, kept)
  redis.call('ZADD', entries, at, id)
  redis.call('ZADD', open, at, id)
end`;

export const SCRIPTS = {
  /**
   * KEYS: entry, entries, open, processes, budget, sums, warned, rate, and the keys. ARGV: id, process, lease, call as
   * JSON, account, operation, price, maxPerDay, maxPerMonth, maxPerSecond, maxAge or empty, how long keys and entries are
   * kept, digests, the share of a budget at which to warn.
   */
  claim: script(`${TIME}
local entry, entries, open, processes, budget, sums, warned, rate = unpack(KEYS, 1, 8)
local id, process, lease, call, account, operation, price = unpack(ARGV, 1, 7)
local maxPerDay, maxPerMonth, maxPerSecond = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
local maxAge, remembered, kept, digests, share = unpack(ARGV, 11, 15)
${SHANGHAI}${LIVES}${KNOWN}${COUNT}${CLAIM}
redis.call('HSET', processes, process, text(now + lease))
local before = redis.call('HMGET', entry, 'state', 'at')
if before[1] then return { before[1], before[2], {} } end
local taken = known(9, maxAge)
if #taken > 0 then return { 'taken', text(now), taken } end

local day = shanghai(now)
local month = day:sub(1, 7)
local perDay = tonumber(redis.call('HGET', budget, day .. '|' .. account) or 0)
local perMonth = tonumber(redis.call('HGET', budget, month .. '|' .. account) or 0)
if (maxPerMonth > 0 and perMonth >= maxPerMonth) or (maxPerDay > 0 and perDay >= maxPerDay) then
  return { 'budget', text(now), { text(perDay), text(perMonth) } }
end

if maxPerSecond > 0 then
  local first = redis.call('LINDEX', rate, maxPerSecond - 1)
  local passed = first and micros - tonumber(first)
  -- Before the first: the clock was set back.
  if passed and passed < 0 then redis.call('DEL', rate) end
  if passed and passed >= 0 and passed < 1000000 then return { 'wait', text(now), { text(1000000 - passed) } } end
  redis.call('LPUSH', rate, text(micros))
  redis.call('LTRIM', rate, 0, maxPerSecond - 1)
  redis.call('PEXPIRE', rate, 2000)
end

claim(id, process, call, now, digests, kept)
for index = 9, #KEYS do
  redis.call('DEL', KEYS[index])
  redis.call('HSET', KEYS[index], 'entry', id, 'state', 'claimed', 'at', text(now), 'process', process)
  redis.call('PEXPIRE', KEYS[index], remembered)
end
redis.call('ZREMRANGEBYSCORE', entries, '-inf', now - kept)
redis.call('ZREMRANGEBYSCORE', open, '-inf', now - kept)
perDay, perMonth = count(day, account, operation, price)
if perMonth == 1 then
  local last = shanghai(now - kept)
  for _, hash in ipairs({ budget, sums, warned }) do
    for _, field in ipairs(redis.call('HKEYS', hash)) do
      if field:sub(1, 7) < last:sub(1, 7) then redis.call('HDEL', hash, field) end
    end
  end
end
local function warns(limit, spent, period)
  if limit == 0 or spent < limit * share then return '' end
  return redis.call('HSETNX', warned, period .. '|' .. account, 1) == 1 and text(spent) or ''
end
return { 'claimed', text(now), { warns(maxPerDay, perDay, day), warns(maxPerMonth, perMonth, month) } }`),

  /**
   * KEYS: entry, entries, open, budget, sums, and the keys. ARGV: id, process, state, call as JSON, at, column of the sums,
   * account, operation, price, how long keys and entries are kept, digests, \`1\` where the call may not have been claimed
   * and then must not be any more, and for each key nothing, or \`=\` and its answer.
   */
  settle: script(`${TIME}
local entry, entries, open, budget, sums = unpack(KEYS, 1, 5)
local id, process, state, call, at, column, account, operation, price = unpack(ARGV, 1, 9)
local remembered, kept, digests, isAbandoned = unpack(ARGV, 10, 13)
${SHANGHAI}${COUNT}${CLAIM}
local before = redis.call('HGET', entry, 'state')
if before == 'settled' or before == 'abandoned' or (before == 'uncertain' and state == 'uncertain') then return 0 end
if not before and isAbandoned == '1' then
  -- The claim may still be on its way here.
  redis.call('HSET', entry, 'state', 'abandoned')
  redis.call('PEXPIRE', entry, 3600000)
  return 0
end
at = tonumber(at) > 0 and at or redis.call('HGET', entry, 'at')
local day = shanghai(tonumber(at))
if not before then
  -- Redis has forgotten it.
  claim(id, process, call, tonumber(at), digests, kept)
  count(day, account, operation, price)
end
redis.call('HSET', entry, 'call', call, 'state', state)
if state == 'settled' then
  redis.call('ZREM', open, id)
  redis.call('HINCRBY', sums, day .. '|' .. account .. '|' .. operation .. '|uncertain', -1)
  redis.call('HINCRBY', sums, day .. '|' .. account .. '|' .. operation .. '|' .. column, 1)
end
if column == 'uncharged' then
  -- Not -price: a price of 0 would be -0, which Redis takes for no number.
  redis.call('HINCRBY', sums, day .. '|' .. account .. '|' .. operation .. '|price', 0 - price)
  redis.call('HINCRBY', budget, day .. '|' .. account, -1)
  redis.call('HINCRBY', budget, day:sub(1, 7) .. '|' .. account, -1)
end
for index = 6, #KEYS do
  local holder = redis.call('HGET', KEYS[index], 'entry')
  if not holder or holder == id then
    local answer = ARGV[13 + index - 5]
    if state == 'uncertain' then
      redis.call('HSET', KEYS[index], 'entry', id, 'state', 'uncertain', 'at', at)
    elseif answer ~= '' then
      redis.call('HSET', KEYS[index], 'entry', id, 'state', 'answered', 'at', at, 'answer', answer:sub(2))
    else
      redis.call('DEL', KEYS[index])
    end
    redis.call('PEXPIRE', KEYS[index], remembered)
  end
end
return 1`),

  /** KEYS: processes, and the keys. ARGV: maxAge or empty. */
  look: script(`${TIME}
local processes = KEYS[1]
${LIVES}${KNOWN}
return known(2, ARGV[1])`),

  /** KEYS: entry, open, processes, and its keys. ARGV: id. */
  release: script(`${TIME}
local entry, open, processes = unpack(KEYS, 1, 3)
${LIVES}
local found = redis.call('HMGET', entry, 'state', 'process')
if found[1] ~= 'uncertain' and (found[1] ~= 'claimed' or lives(found[2])) then return 0 end
redis.call('HSET', entry, 'state', 'released')
redis.call('ZREM', open, ARGV[1])
for index = 4, #KEYS do
  if redis.call('HGET', KEYS[index], 'entry') == ARGV[1] then redis.call('DEL', KEYS[index]) end
end
return 1`),

  /** KEYS: processes, and entries. ARGV: process, lease. Returns for each entry whether it is under way. */
  renew: script(`${TIME}
local processes = KEYS[1]
${LIVES}
redis.call('HSET', processes, ARGV[1], text(now + ARGV[2]))
local all = redis.call('HGETALL', processes)
for index = 1, #all, 2 do
  if tonumber(all[index + 1]) <= now then redis.call('HDEL', processes, all[index]) end
end
local underWay = {}
for index = 2, #KEYS do
  local found = redis.call('HMGET', KEYS[index], 'state', 'process')
  underWay[index - 1] = found[1] == 'claimed' and lives(found[2]) and 1 or 0
end
return underWay`),

  /** KEYS: processes, and entries. Returns \`{call, at, state, keys}\` for each that there is. */
  read: script(`${TIME}
local processes = KEYS[1]
${LIVES}
local found = {}
for index = 2, #KEYS do
  local entry = redis.call('HMGET', KEYS[index], 'call', 'at', 'state', 'keys', 'process')
  if entry[1] then
    if entry[3] == 'claimed' and not lives(entry[5]) then entry[3] = 'uncertain' end
    found[#found + 1] = { entry[1], entry[2], entry[3], entry[4] }
  end
end
return found`),

  /** KEYS: secret. ARGV: what it has to be. Returns whether it is. */
  secret: script(`
redis.call('SETNX', KEYS[1], ARGV[1])
return redis.call('GET', KEYS[1]) == ARGV[1] and 1 or 0`),
} as const satisfies Record<string, Script>;

function script(lua: string): Script {
  return { lua, sha: createHash('sha1').update(lua).digest('hex') };
}
