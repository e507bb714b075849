class_name VoxelChunks
extends Node3D
## Loads the chunks around a player, and drops those that are far: planned by the main thread, made by the engine's.
##
## A chunk that was begun is there `latency_ticks` later, however long its thread took: if it is not ready by then, the
## game waits for it, and the frame is long. So the terrain repeats itself, and only the time that it takes does not.

## A chunk was made, in this many microseconds.
signal chunk_made(usec: int)

const _EDGE := ChunkMaker.EDGE
const _CHECK_EVERY := 90
const _ASIDE := Vector3(0.0, -1000.0, 0.0)
const _COLOURS: Array[Color] = [Color(0.45, 0.62, 0.35), Color(0.55, 0.6, 0.42), Color(0.6, 0.58, 0.5)]

var settings: TerrainParams

var _maker: ChunkMaker
var _centre := Vector2i.ZERO
var _ticks := 0
# The chunks that there should be, with their level of detail, from when they are planned until they are dropped.
var _wanted: Dictionary[Vector2i, int] = {}
var _loaded: Dictionary[Vector2i, VoxelChunk] = {}
var _planned: Array[Vector2i] = []
# Those that a thread makes, in the order in which they were begun.
var _jobs: Array[ChunkJob] = []
var _leaving: Array[Vector2i] = []
var _grounds: Array[StaticBody3D] = []
var _leaked: Array[ChunkMaker.Made] = []
var _made := 0
var _spent_usec := 0
var _longest_usec := 0
var _paints: Array[StandardMaterial3D] = []


## One chunk that a thread makes.
class ChunkJob:
	extends RefCounted
	var chunk: Vector2i
	var detail: int
	var due_tick: int
	var task: int
	var made: ChunkMaker.Made
	var _maker: ChunkMaker

	func _init(of_maker: ChunkMaker, of_chunk: Vector2i, in_detail: int, due: int) -> void:
		_maker = of_maker
		chunk = of_chunk
		detail = in_detail
		due_tick = due
		task = WorkerThreadPool.add_task(_work, true, "chunk")

	func _work() -> void:
		made = _maker.make(chunk, detail)


func _exit_tree() -> void:
	_finish_jobs()


## Make the ground that chunks near the player are given, once.
func build(with_settings: TerrainParams) -> void:
	settings = with_settings
	for colour: Color in _COLOURS:
		var paint := StandardMaterial3D.new()
		paint.albedo_color = colour
		_paints.append(paint)
	# A chunk comes nearer and goes before those that are dropped are gone.
	var across := 2 * (settings.near_chunks + settings.keep_chunks) + 1
	for i: int in across * across:
		var ground := StaticBody3D.new()
		ground.name = "Ground%d" % i
		ground.add_child(CollisionShape3D.new())
		add_child(ground)
		_grounds.append(ground)
	RLMonitor.shared().register_terrain(self)


## A new terrain, around a place; the ground there is ready.
func begin(seed_value: int, at: Vector3) -> void:
	_finish_jobs()
	for chunk: VoxelChunk in _loaded.values():
		chunk.free()
	_loaded.clear()
	_wanted.clear()
	_planned.clear()
	_leaving.clear()
	_leaked.clear()
	for ground: StaticBody3D in _grounds:
		_lay(ground, null, _ASIDE)
	_made = 0
	_spent_usec = 0
	_longest_usec = 0
	_ticks = 0
	_maker = ChunkMaker.new(seed_value, settings.hills_m, settings.caves)
	_centre = chunk_of(at)
	for chunk: Vector2i in _square(1):
		_wanted[chunk] = 0
		_load(chunk, 0, _maker.make(chunk, 0))
	_plan()


## One tick, with the player at this place.
func tick(at: Vector3) -> void:
	_ticks += 1
	if chunk_of(at) != _centre:
		_centre = chunk_of(at)
		_plan()
	_begin_jobs()
	_take_jobs()
	_drop()
	if _ticks % _CHECK_EVERY == 0:
		_check()


## The chunk that a place is in.
func chunk_of(at: Vector3) -> Vector2i:
	return Vector2i(floori(at.x / _EDGE), floori(at.z / _EDGE))


## Whether there is ground below a place.
func has_ground(at: Vector3) -> bool:
	var chunk: VoxelChunk = _loaded.get(chunk_of(at))
	return chunk != null and chunk.detail == 0


## Height of the ground at a place, in metres, whether it is loaded or not.
func ground_at(at: Vector3) -> float:
	return _maker.ground(floori(at.x), floori(at.z))


## How many chunks are loaded.
func count() -> int:
	return _loaded.size()


## Neighbouring chunks whose levels of detail are two apart: there are gaps between them.
func gaps() -> int:
	var found := 0
	for at: Vector2i in _loaded:
		for side: Vector2i in [Vector2i.RIGHT, Vector2i.DOWN] as Array[Vector2i]:
			var other: VoxelChunk = _loaded.get(at + side)
			found += int(other != null and absi(other.detail - _loaded[at].detail) > 1)
	return found


## For the monitor.
func chunk_statistics() -> Dictionary:
	var bytes := 0
	for chunk: VoxelChunk in _loaded.values():
		bytes += chunk.made.bytes
	for made: ChunkMaker.Made in _leaked:
		bytes += made.bytes
	return {
		"active_chunk_count": float(_loaded.size()),
		"chunk_queue_length": float(_planned.size() + _jobs.size()),
		"chunk_generation_avg_ms": _spent_usec * 1e-3 / maxi(_made, 1),
		"chunk_generation_max_ms": _longest_usec * 1e-3,
		"voxel_memory_mb": bytes / float(1 << 20),
	}


# What there should be around the player, the nearest first; and what should go.
func _plan() -> void:
	_planned.clear()
	for chunk: Vector2i in _square(settings.view_chunks):
		var current: VoxelChunk = _loaded.get(chunk)
		var detail := _detail_of(chunk)
		if current != null and current.detail == detail:
			_wanted[chunk] = detail
		elif _wanted.get(chunk, -1) != detail or current != null:
			_planned.append(chunk)
	_planned.sort_custom(
		func(one: Vector2i, other: Vector2i) -> bool:
			return (one - _centre).length_squared() < (other - _centre).length_squared()
	)
	_leaving.clear()
	for chunk: Vector2i in _wanted:
		if _distance(chunk) > settings.view_chunks + settings.keep_chunks:
			_leaving.append(chunk)


func _begin_jobs() -> void:
	for i: int in mini(settings.begun_a_tick, _planned.size()):
		var chunk: Vector2i = _planned.pop_front()
		var detail := _detail_of(chunk)
		_wanted[chunk] = detail
		_jobs.append(ChunkJob.new(_maker, chunk, detail, _ticks + settings.latency_ticks))


func _take_jobs() -> void:
	if settings.chunk_race:
		_take_whatever_is_ready()
		return
	while not _jobs.is_empty() and _jobs[0].due_tick <= _ticks:
		var job: ChunkJob = _jobs.pop_front()
		_wait_for(job)
		if _wanted.get(job.chunk, -1) == job.detail:
			_load(job.chunk, job.detail, job.made)


# How long the thread was kept from running by other programs says nothing of the terrain: it is not the frame's time.
func _wait_for(job: ChunkJob) -> void:
	var from_usec := RLMonitor.now_usec()
	WorkerThreadPool.wait_for_task_completion(job.task)
	RLMonitor.leave_out(mini(RLMonitor.now_usec() - from_usec, job.made.kept_usec))


# The fault: nobody asks whether the chunk has been dropped meanwhile.
func _take_whatever_is_ready() -> void:
	for job: ChunkJob in _jobs.duplicate():
		if WorkerThreadPool.is_task_completed(job.task):
			WorkerThreadPool.wait_for_task_completion(job.task)
			_jobs.erase(job)
			_load(job.chunk, job.detail, job.made)


func _load(at: Vector2i, detail: int, made: ChunkMaker.Made) -> void:
	_made += 1
	_spent_usec += made.usec
	_longest_usec = maxi(_longest_usec, made.usec)
	chunk_made.emit(made.usec)
	_unload(at)
	var chunk := VoxelChunk.new(made, detail, _paints[detail])
	chunk.position = Vector3(at.x * _EDGE, 0.0, at.y * _EDGE)
	add_child(chunk)
	_loaded[at] = chunk
	if detail == 0 and not _grounds.is_empty():
		chunk.ground = _grounds.pop_back()
		_lay(chunk.ground, made.shape, chunk.position)


func _drop() -> void:
	for i: int in mini(settings.dropped_a_tick, _leaving.size()):
		var chunk: Vector2i = _leaving.pop_front()
		_wanted.erase(chunk)
		_unload(chunk)


func _unload(at: Vector2i) -> void:
	var chunk: VoxelChunk = _loaded.get(at)
	if chunk == null:
		return
	_loaded.erase(at)
	if chunk.ground != null:
		_lay(chunk.ground, null, _ASIDE)
		_grounds.append(chunk.ground)
	if settings.chunk_leak:
		_leaked.append(chunk.made)
	chunk.free()


# A chunk that is loaded is one that is wanted.
func _check() -> void:
	for chunk: Vector2i in _loaded:
		if not _wanted.has(chunk):
			push_error("chunk generation race condition: chunk %s was loaded after it had been dropped" % chunk)
			return


func _finish_jobs() -> void:
	for job: ChunkJob in _jobs:
		WorkerThreadPool.wait_for_task_completion(job.task)
	_jobs.clear()


func _lay(ground: StaticBody3D, shape: Shape3D, at: Vector3) -> void:
	var holder := ground.get_child(0) as CollisionShape3D
	holder.shape = shape
	ground.position = at
	ground.force_update_transform()


func _square(reach: int) -> Array[Vector2i]:
	var found: Array[Vector2i] = []
	for z: int in range(_centre.y - reach, _centre.y + reach + 1):
		for x: int in range(_centre.x - reach, _centre.x + reach + 1):
			found.append(Vector2i(x, z))
	return found


func _distance(chunk: Vector2i) -> int:
	return maxi(absi(chunk.x - _centre.x), absi(chunk.y - _centre.y))


func _detail_of(chunk: Vector2i) -> int:
	var distance := _distance(chunk)
	if distance <= settings.near_chunks:
		return 0
	return 1 if distance <= settings.middle_chunks else 2
