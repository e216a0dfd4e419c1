"""DiskCache's side of the benchmark, in a process of its own: times itself, prints JSON.

    disk_cache.py trials FOLDER COUNT SECONDS   each trial's times in microseconds, as peer-worker.ts prints them
    disk_cache.py counter FOLDER COUNT          waits for a line, then counts up COUNT times
    disk_cache.py queue FOLDER                  for each line `push N` or `pull N` does that, and prints the times, until `end`
"""

import json
import random
import sys
import time

import diskcache

FILLING = 'All that a cache is asked for is to answer as the function would have, only sooner. ' * 5


def key_of(index):
    return f'https://example.org/articles/{index}?page=1'


def value_of(index, version=0):
    value = {'id': index, 'version': version, 'title': f'Article {index}', 'tags': ['caches', 'files'], 'text': ''}
    length = len(json.dumps(value, separators=(',', ':')))
    return {**value, 'text': FILLING[: 300 - length]}


def spread(times):
    times.sort()
    return [times[min(len(times) - 1, int(len(times) * share))] / 1000 for share in (0.5, 0.9, 0.99)]


def trials(folder, count, seconds):
    cache = diskcache.Cache(folder)
    order = list(range(count))
    random.Random(1).shuffle(order)

    def trial(name, act, check):
        times = []
        end = time.perf_counter() + seconds
        for index in order:
            begin = time.perf_counter_ns()
            result = act(index)
            times.append(time.perf_counter_ns() - begin)
            assert check(index, result), (name, index, result)
            if time.perf_counter() > end:
                break
        print(json.dumps({'trial': name, 'spread': spread(times), 'count': len(times)}), flush=True)
        return order[len(times) :]

    rest = trial('set', lambda i: cache.set(key_of(i), value_of(i)), lambda i, _: True)
    for index in rest:
        cache.set(key_of(index), value_of(index))
    trial('get', lambda i: cache.get(key_of(i)), lambda i, value: value == value_of(i))
    trial('miss', lambda i: cache.get(key_of(i) + '&draft=1'), lambda _, value: value is None)
    trial('overwrite', lambda i: cache.set(key_of(i), value_of(i, 1)), lambda i, _: cache.get(key_of(i)) == value_of(i, 1))
    trial('delete', lambda i: cache.delete(key_of(i)), lambda i, _: cache.get(key_of(i)) is None)


def counter(folder, count):
    cache = diskcache.Cache(folder, timeout=60)
    print('ready', flush=True)
    sys.stdin.readline()
    for _ in range(count):
        cache.incr('counter')
    print(f'done {cache.get("counter")}', flush=True)


def queue(folder):
    cache = diskcache.Cache(folder)
    pushed = pulled = 0
    print('ready', flush=True)
    for line in sys.stdin:
        if line.strip() == 'end':
            break
        verb, count = line.split()
        times = []
        for _ in range(int(count)):
            if verb == 'push':
                value = value_of(pushed)
                begin = time.perf_counter_ns()
                cache.push(value)
                times.append(time.perf_counter_ns() - begin)
                pushed += 1
            else:
                begin = time.perf_counter_ns()
                _, value = cache.pull()
                times.append(time.perf_counter_ns() - begin)
                assert value['id'] == pulled, (value, pulled)
                pulled += 1
        print(json.dumps([one / 1000 for one in times]), flush=True)


if __name__ == '__main__':
    what, folder, *more = sys.argv[1:]
    if what == 'trials':
        trials(folder, int(more[0]), float(more[1]))
    elif what == 'counter':
        counter(folder, int(more[0]))
    else:
        queue(folder)
