extends RLTest
## The rules of voxel_terrain: what chunks are made of, which are loaded, what is paid, and what its two faults do.

const ARENA: PackedScene = preload("res://scenarios/voxel_terrain/arena.tscn")
const SCENE := "res://scenarios/voxel_terrain/voxel_terrain.tscn"
const TICK := 1.0 / 90.0
## A small terrain: 25 chunks are seen, 9 of them near.
const SMALL := {"view_chunks": 2, "middle_chunks": 1, "near_chunks": 1, "keep_chunks": 1, "latency_ticks": 3}


func test_the_player_sees_9_floats_and_acts_by_direction_speed_and_teleport() -> void:
	var agent := _make_terrain().player.agent
	check_equal(agent.observation_size, 9, "floats")
	check_equal(agent.actions.map(func(action: RLAction) -> int: return action.size), [2, 1, 1], "actions")


func test_a_chunk_follows_from_seed_and_place_and_neighbours_meet() -> void:
	var maker := ChunkMaker.new(7, 16.0, true)
	var chunk := maker.make(Vector2i(3, -4), 0)
	check_equal(ChunkMaker.new(7, 16.0, true).make(Vector2i(3, -4), 0).corners, chunk.corners, "the same seed")
	check(ChunkMaker.new(8, 16.0, true).make(Vector2i(3, -4), 0).corners != chunk.corners, "another seed")
	check(chunk.corners.size() > 1000 and chunk.corners.size() % 3 == 0, "%d corners" % chunk.corners.size())
	check_equal(chunk.normals.size(), chunk.corners.size(), "normals")
	check(chunk.shape != null and chunk.bytes > 0 and chunk.usec > 0, "shape, memory and time")


func test_the_outsides_of_triangles_look_up_where_the_ground_is() -> void:
	for detail: int in 3:
		var made := ChunkMaker.new(7, 16.0, false).make(Vector2i.ZERO, detail)
		var up := 0.0
		for normal: Vector3 in made.normals:
			up += normal.y
			check(absf(normal.length() - 1.0) < 0.01, "normal %s at detail %d" % [normal, detail])
		check(up > 0.0, "detail %d looks up" % detail)


func test_a_chunk_far_away_has_fewer_triangles() -> void:
	var maker := ChunkMaker.new(7, 16.0, true)
	var corners: Array[int] = []
	for detail: int in 3:
		corners.append(maker.make(Vector2i.ZERO, detail).corners.size())
	check(corners[0] > corners[1] and corners[1] > corners[2], "corners: %s" % [corners])


func test_all_chunks_in_view_are_loaded_at_their_level_of_detail_and_no_sooner_than_they_are_due() -> void:
	var arena := _make_terrain()
	var terrain := arena.terrain
	check_equal(terrain.count(), 9, "at the beginning")
	_run(arena, 3)
	check_equal(terrain.count(), 9, "before the first is due")
	_run(arena, 1)
	check_equal(terrain.count(), 11, "two begun in the first tick")
	_run(arena, 30)
	check_equal(terrain.count(), 25, "in view")
	check_equal(terrain.gaps(), 9 + 3, "between near and far: no level lies between")
	check_equal(terrain.chunk_statistics()["chunk_queue_length"], 0.0, "to come")


func test_what_is_far_is_dropped_and_its_memory_with_it() -> void:
	var arena := _make_terrain()
	_run(arena, 40)
	var before: Dictionary = arena.terrain.chunk_statistics()
	arena.player.position += Vector3(480.0, 0.0, 0.0)
	_run(arena, 80)
	check_equal(arena.terrain.count(), 25, "chunks at the other place")
	var after: Dictionary = arena.terrain.chunk_statistics()
	var ratio := (after["voxel_memory_mb"] as float) / (before["voxel_memory_mb"] as float)
	check(ratio > 0.3 and ratio < 3.0, "memory after, of before: %f" % ratio)


func test_with_the_leak_dropped_chunks_stay_in_memory() -> void:
	var held: Array[float] = []
	for leak: bool in [false, true]:
		var arena := _make_terrain({"chunk_leak": leak})
		for i: int in 3:
			_run(arena, 80)
			arena.player.position += Vector3(480.0, 0.0, 0.0)
		_run(arena, 80)
		held.append(arena.terrain.chunk_statistics()["voxel_memory_mb"] as float)
	check(held[1] > 2.0 * held[0], "memory without and with the leak: %s" % [held])


func test_a_chunk_that_is_ready_when_nobody_wants_it_any_more_is_taken_only_where_the_race_is_on() -> void:
	for race: bool in [false, true]:
		var terrain := _make_terrain({"chunk_race": race}).terrain
		terrain._begin_jobs()
		var late := terrain._jobs[0]
		while not WorkerThreadPool.is_task_completed(late.task):
			OS.delay_msec(1)
		terrain._wanted.erase(late.chunk)
		terrain._ticks = late.due_tick
		terrain._take_jobs()
		check_equal(terrain._loaded.has(late.chunk), race, "loaded, with a race: %s" % race)


func test_the_player_stands_on_the_ground_and_waits_where_there_is_none() -> void:
	var arena := _make_terrain({"hills_m": 0.0, "caves": false})
	await wait_ticks(60)
	check_close(arena.player.position.y, arena.terrain.ground_at(arena.player.position), "on the ground", 0.1)
	arena.player.position += Vector3(480.0, 5.0, 0.0)
	var height := arena.player.position.y
	await wait_ticks(5)
	check_close(arena.player.position.y, height, "in the air")


func test_a_teleport_goes_as_far_as_asked_and_needs_a_pause() -> void:
	var arena := _make_terrain({"teleport_m": 100.0})
	var from := arena.player.position
	arena.player.agent.act([1.0, 0.0, -1.0, 0.5], 0)
	arena.player._physics_process(TICK)
	check_close(arena.player.position.x - from.x, 50.0, "metres", 0.01)
	arena.player._physics_process(TICK)
	check_equal(arena.player.agent.get_metric(&"teleports"), 1.0, "teleports")


func test_slow_frames_slow_chunks_many_chunks_and_speed_are_paid() -> void:
	var arena := _make_terrain({"many_chunks": 8})
	RLMonitor.shared().physics_frame_time_ms = 30.0
	arena.terrain.chunk_made.emit(6000)
	arena.terrain.chunk_made.emit(4000)
	arena.ticks = 1
	arena.core.advance(TICK)
	check_close(arena.player.agent.ledger.take_reward(), 10.0 + 5.0 * arena._slow_chunks, "a frame, and slow chunks")
	arena.player.velocity = Vector3(10.0, 0.0, 0.0)
	arena.core.end_decision()
	check_close(arena.player.agent.ledger.take_reward(), 2.0 + 1.0, "many chunks, and speed")


func test_terrain_and_player_follow_from_the_seed_and_the_actions_alone() -> void:
	var hashes: Array[PackedByteArray] = []
	for run: int in 2:
		var game := ChildGame.new(SMALL, ["--arenas=%d" % (run + 1)], SCENE)
		game.traces(1)
		game.reset(3)
		for decision: int in 8:
			var actions := PackedFloat32Array()
			for arena: int in run + 1:
				actions.append_array([1.0, 0.3, 1.0, 1.0 if decision == 3 else -1.0])
			game.step(actions)
		var answer := game.traces(0, 4)
		hashes.append(Marshalls.base64_to_raw(str(answer["episodes"][0]["hashes"])))
		game.stop()
	check(hashes[0].size() > 0 and hashes[0] == hashes[1], "the hashes differ")


func _make_terrain(settings: Dictionary = {}) -> VoxelArena:
	var arena := build_arena(ARENA, SMALL.merged(settings, true), 5) as VoxelArena
	arena.core.begin_episode()
	return arena


# Only the terrain: the player stays where it is.
func _run(arena: VoxelArena, ticks: int) -> void:
	for i: int in ticks:
		arena.terrain.tick(arena.player.position)
