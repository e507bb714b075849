extends RLTest
## Traces for pictures: recorded on request only, whole, and without a change to what is played.

## No agent ever touches its target; every episode is 4 decisions of 6 ticks.
const SHORT := {"touch_m": 0.0, "max_ticks": 24}


func test_an_asked_episode_is_recorded_from_its_beginning_to_its_end() -> void:
	var game := ChildGame.new(SHORT)
	check_equal(_traces(game, 1), [], "traces before the first reset")
	game.reset(1)
	var earned := 0.0
	for decision: int in 8:
		game.step(_still(game))
		earned += game.rewards[0] if decision < 4 else 0.0
	var traces := _traces(game, 1)
	check_equal(traces.size(), 1, "episodes")
	check_equal(traces[0]["episode"], 0.0, "episode")
	check_equal(traces[0]["landmarks"], {}, "landmarks")
	check_equal(traces[0]["radii"], {}, "radii")
	var agents: Array = traces[0]["agents"]
	check_equal(agents.map(func(agent: Dictionary) -> String: return agent["name"])[0], "walker_0")
	check_equal(agents[0]["ending"], "truncated")
	check_equal(agents[0]["rewards"], ["touch", "decision", "progress"])
	check_equal(agents[0]["moves"], true)
	var rows := _rows(agents[0] as Dictionary)
	check_equal(rows.map(func(row: PackedFloat32Array) -> float: return row[0]), [0.0, 6.0, 12.0, 18.0, 24.0], "ticks")
	check_close(rows[4][8], -0.04, "reward of the decisions")
	check_close(rows[4][7] + rows[4][8] + rows[4][9], earned, "total reward")
	check_equal(_traces(game, 0), [], "traces taken twice")
	check_equal(game.stop(), 0, "exit code")


func test_recording_changes_nothing() -> void:
	var plain := ChildGame.new({"max_ticks": 60})
	var traced := ChildGame.new({"max_ticks": 60})
	_traces(traced, 2)
	plain.reset(5)
	traced.reset(5)
	for decision: int in 25:
		plain.step(_still(plain))
		traced.step(_still(traced))
		check_equal(traced.observations, plain.observations, "observations")
		check_equal(traced.rewards, plain.rewards, "rewards")
	check(_traces(traced, 0).size() > 1, "nothing was recorded")
	plain.stop()
	traced.stop()


func test_an_agent_that_succeeds_ends_where_and_when_it_did() -> void:
	var game := ChildGame.new({"max_ticks": 900}, ["--control=heuristic", "--action_repeat=10"])
	_traces(game, 1)
	game.reset(2)
	var traces: Array = []
	while traces.is_empty():
		game.step(_still(game))
		traces = _traces(game, 1)
	for agent: Dictionary in traces[0]["agents"]:
		var rows := _rows(agent)
		check_equal(agent["ending"], "success")
		check(rows[-1][0] - rows[-2][0] <= 10.0, "the last row is late")
		check(Vector2(rows[0][1], rows[0][3]).distance_to(Vector2(rows[-1][1], rows[-1][3])) > 0.1, "nobody moved")
	game.stop()


func test_an_agent_that_waits_has_no_way_until_it_is_woken() -> void:
	var game := ChildGame.new(SHORT.merged({"late_tick": 13}))
	_traces(game, 1)
	game.reset(1)
	for decision: int in 4:
		game.step(_still(game))
	var rows := _rows(_traces(game, 0)[0]["agents"][2] as Dictionary)
	check_equal(rows.map(func(row: PackedFloat32Array) -> float: return row[0]), [18.0, 24.0], "ticks")
	game.stop()


func test_a_short_trace_request_is_refused() -> void:
	var game := ChildGame.new()
	game.send_frame(RLBinarySession.Request.TRACE, PackedByteArray([1]))
	var frame := game.receive_frame()
	check_equal(frame[0], int(RLBinarySession.Reply.ERROR))
	check_equal(frame.slice(1).get_string_from_utf8(), "a TRACE frame needs 4, 5 or 9 bytes, got 1")
	check_equal(game.wait(), RLBinarySession.REFUSED, "exit code")


func test_the_outline_has_every_static_shape_in_use() -> void:
	var arena := make_arena({"room_m": 6.0})
	var turned := Transform3D(Basis(Vector3.UP, PI / 4.0), Vector3(1.0, 0.5, 0.0))
	var column := CylinderShape3D.new()
	column.radius = 0.4
	column.height = 2.0
	_stand(arena, BoxShape3D.new(), turned, "Crate")
	_stand(arena, column, Transform3D(Basis(), Vector3(2.0, 1.0, -1.0)), "Column")
	_stand(arena, column, Transform3D(), "Unused").disabled = true
	var outline := RLOutline.of(arena)
	check_equal(outline.size(), 7, "shapes: a floor, four walls, a crate and a column")
	var crate: Dictionary = outline[5]
	var reach := 0.0
	for point: Array in crate["points"]:
		var x: float = point[0]
		reach = maxf(reach, x)
	check_close(reach, 1.0 + sqrt(0.5), "reach of a crate that is turned")
	check_close(crate["high"] as float, 1.0, "top of the crate")
	check_equal(
		outline[6],
		{"kind": "circle", "centre": [2.0, -1.0], "radius": column.radius, "low": 0.0, "high": 2.0, "name": "Column"},
		"column"
	)


func test_a_terrain_is_thinned_out() -> void:
	var arena := make_arena()
	var map := HeightMapShape3D.new()
	map.map_width = 101
	map.map_depth = 51
	var heights := map.map_data
	heights[48 * 101 + 99] = 4.0
	map.map_data = heights
	_stand(arena, map, Transform3D(Basis().scaled(Vector3.ONE * 2.0), Vector3(0.0, 1.0, 0.0)), "Terrain")
	var terrain: Dictionary = RLOutline.of(arena)[-1]
	check_equal(terrain["kind"], "heights")
	check_equal(terrain["corner"], [-100.0, -50.0], "corner")
	check_equal(terrain["step"], [6.0, 6.0], "step")
	check_equal(terrain["columns"], 34, "columns")
	check_equal((terrain["heights"] as Array).size(), 34 * 17, "heights")
	check_equal(terrain["high"], 9.0, "summit")


func _traces(game: ChildGame, below: int) -> Array:
	return game.traces(below)["episodes"]


func _rows(agent: Dictionary) -> Array[PackedFloat32Array]:
	var floats := Marshalls.base64_to_raw(agent["rows"] as String).to_float32_array()
	var width := RLTrack.PLACE + (agent["rewards"] as Array).size()
	var rows: Array[PackedFloat32Array] = []
	for at: int in range(0, floats.size(), width):
		rows.append(floats.slice(at, at + width))
	return rows


func _stand(arena: RLArena, shape: Shape3D, at: Transform3D, label: String) -> CollisionShape3D:
	var body := StaticBody3D.new()
	body.name = label
	var holder := CollisionShape3D.new()
	holder.shape = shape
	body.add_child(holder)
	arena.add_child(body)
	body.transform = at
	return holder


func _still(game: ChildGame) -> PackedFloat32Array:
	var actions := PackedFloat32Array()
	actions.resize(game.action_size())
	return actions
