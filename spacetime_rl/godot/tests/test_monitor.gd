extends RLTest
## What a game costs: figures of the moment, and metrics of every episode where the run asked for them.

const CHUNKS := {
	"active_chunk_count": 300.0,
	"chunk_queue_length": 4.0,
	"chunk_generation_avg_ms": 2.0,
	"chunk_generation_max_ms": 8.0,
	"voxel_memory_mb": 12.0,
}


class Terrain:
	extends Node

	func chunk_statistics() -> Dictionary:
		return CHUNKS


func test_a_headless_game_has_every_figure_but_those_of_drawing() -> void:
	var monitor := RLMonitor.shared()
	await get_tree().physics_frame
	await get_tree().physics_frame
	var found := monitor.get_statistics()
	check(not found.has("render_frame_time_ms"), "render time of a headless game: %s" % found)
	check(not found.has("active_chunk_count"), "chunks without a terrain")
	check(monitor.physics_frame_time_ms > 0.0, "time of a tick: %s" % found)
	for key: String in ["cpu_ms_a_tick", "object_count", "node_count", "static_memory_mb"]:
		check(found.get(key, 0.0) as float > 0.0, "%s: %s" % [key, found])
	check_equal(get_node("/root/RLMonitor"), monitor, "the node")


func test_terrains_that_register_are_reported_together_and_forgotten_when_they_go() -> void:
	var monitor := RLMonitor.shared()
	var first := Terrain.new()
	var second := Terrain.new()
	for terrain: Terrain in [first, second]:
		add_child(terrain)
		monitor.register_terrain(terrain)
	var found := monitor.chunks_below(self)
	check_equal(found["active_chunk_count"], 600.0, "chunks of both")
	check_equal(found["chunk_generation_avg_ms"], 2.0, "mean")
	check_equal(found["chunk_generation_max_ms"], 8.0, "longest")
	check_equal(monitor.chunks_below(first), {}, "below another node")
	second.free()
	check_equal(monitor.chunks_below(self)["active_chunk_count"], 300.0, "chunks of one")
	first.free()
	check_equal(monitor.chunks_below(self), {}, "none is left")


func test_waiting_for_a_policy_is_no_time_of_the_tick() -> void:
	var monitor := RLMonitor.shared()
	monitor._on_physics_frame()
	RLMonitor.leave_out(1_000_000)
	monitor._end_tick()
	check(monitor.physics_frame_time_ms < 0.0, "a second was left out of a shorter tick")


func test_the_clock_of_a_thread_goes_on_while_it_sleeps() -> void:
	var clock := RLThreadClock.new()
	var from := clock.usec()
	var kept_from := clock.kept_waiting_usec()
	OS.delay_usec(20_000)
	var passed := clock.usec() - from
	var kept := clock.kept_waiting_usec() - kept_from
	check(passed + kept >= 20_000, "of a sleep of 20 ms: %d, and kept waiting for %d" % [passed, kept])


func test_the_clock_of_a_thread_falls_behind_the_wall_clock_where_other_programs_take_the_processors() -> void:
	if not FileAccess.file_exists("/proc/thread-self/schedstat"):
		return
	var rivals: Array[int] = []
	for i: int in 2 * OS.get_processor_count():
		rivals.append(OS.create_process("/bin/sh", ["-c", "while :; do :; done"]))
	var clock := RLThreadClock.new()
	var behind_from := Time.get_ticks_usec() - clock.usec()
	var behind := 0
	var deadline := Time.get_ticks_msec() + 20_000
	while behind < 5_000 and Time.get_ticks_msec() < deadline:
		behind = Time.get_ticks_usec() - clock.usec() - behind_from
	for rival: int in rivals:
		OS.kill(rival)
	check(behind >= 5_000, "microseconds behind: %d" % behind)


func test_work_uses_processor_time() -> void:
	var before := RLProcessorTime.seconds()
	var spent := 0.0
	var sum := 0
	for _round: int in 1_000:  # the kernel adds a running thread's time at its own ticks, up to 10 ms apart
		for i: int in 100_000:
			sum += i
		spent = RLProcessorTime.seconds() - before
		if spent > 0.0:
			break
	check(spent > 0.0, "seconds for the sum %d: %f" % [sum, spent])


func test_every_episode_of_a_monitored_game_reports_what_it_cost() -> void:
	var asked: PackedStringArray = ["--monitor=1", "--observe_performance=1", "--penalise_performance=1"]
	var game := ChildGame.new({"touch_m": 0.0, "max_ticks": 36}, asked)
	var spec: Dictionary = game.info["spec"]
	var group: Dictionary = spec["groups"][0]
	var names: Array = group["metrics"]
	for key: String in ["physics_frame_time_ratio", "physics_frame_time_ms_max", "cpu_ms_a_tick", "node_count_growth"]:
		check(RLMonitor.PREFIX + key in names, "%s in %s" % [key, names])
	check(RLMonitor.PREFIX + "render_frame_time_ratio" not in names, "a headless game draws nothing")
	check("reward/performance/budget" in names, "the penalty: %s" % [names])
	var layout: Dictionary = group["layout"]
	check_equal(str((layout["fields"] as Array)[-1]["name"]), "performance/chunks", "last field")
	var idle := PackedFloat32Array()
	idle.resize(game.action_size())
	game.reset(1)
	for decision: int in 6:
		game.step(idle)
	var reported: PackedFloat32Array = game.endings[0].slice(game.observations[0].size())
	check_equal(reported.size(), names.size(), "metrics")
	check(reported[names.find("performance/cpu_ms_a_tick")] > 0.0, "processor time")
	check(reported[names.find("performance/physics_frame_time_ms")] > 0.0, "wall-clock time")
	game.stop()


func test_what_episodes_leave_behind_is_measured_from_the_third_on() -> void:
	var cost := RLEpisodeCost.new(self)
	var at := cost.names.find(&"performance/orphan_node_count_kept")
	var left: Array[Node] = []
	var found: Array[float] = []
	for episode: int in 5:
		cost.begin()
		found.append(cost.values()[at])
		left.append_array([Node.new(), Node.new()])
	for node: Node in left:
		node.free()
	check_equal(found, [0.0, 0.0, 2.0, 2.0, 2.0] as Array[float], "left behind an episode")


func test_a_game_that_is_not_monitored_reports_nothing_of_it() -> void:
	var game := ChildGame.new()
	check("performance" not in str(game.info["spec"]), "no figure that nobody asked for")
	game.stop()
