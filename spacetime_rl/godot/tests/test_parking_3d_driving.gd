extends RLTest
## The car of parking_3d in real games: throttle, brake, contacts, the scripted driver, and that no episode depends on
## those before it.

const SCENE := "res://scenarios/parking_3d/parking_3d.tscn"
const FLOATS := 28
# Place in what a game reports at an episode's end, after the observation: episode, return, length, success.
const SUCCESS := 3


func test_full_throttle_drives_ahead_up_to_the_top_speed_and_the_brake_stops_the_car() -> void:
	var game := ChildGame.new({"parked_cars": 0.0, "bays_per_row": 20, "random_pos": false}, [], SCENE)
	game.reset(1)
	for decision: int in 12:
		game.step(PackedFloat32Array([0.0, 1.0]))
	var fast := game.observations[0][0] * CarSensor.SCALE_M_S
	check(fast > 3.3 and fast < 4.0, "speed at full throttle: %f" % fast)
	for decision: int in 6:
		game.step(PackedFloat32Array([0.0, 0.0 if game.observations[0][0] < 0.1 else -1.0]))
	check_close(game.observations[0][0] * CarSensor.SCALE_M_S, 0.0, "speed after the brake", 0.1)
	for decision: int in 6:
		game.step(PackedFloat32Array([1.0, -1.0]))
	check(game.observations[0][0] < -0.3, "back: %f" % game.observations[0][0])
	check(game.observations[0][1] > 0.1, "back with the wheel to the right turns left: %f" % game.observations[0][1])
	check_equal(game.stop(), 0, "exit code")


func test_a_touch_costs_and_ends_the_episode_or_goes_on_if_asked_to() -> void:
	var ending := _drive_into_the_hedge({})
	check(not ending.is_empty() and ending[FLOATS + SUCCESS] == 0.0, "it ended without success")
	check(_drive_into_the_hedge({"contact_ends": false}).is_empty(), "it goes on")


func test_an_episode_is_the_same_in_every_arena_and_after_other_episodes() -> void:
	check_same_episodes(SCENE, {"time_limit_s": 4.0}, 50, _weave)


func test_the_scripted_driver_parks() -> void:
	var game := ChildGame.new({}, ["--control=heuristic", "--arenas=16"], SCENE)
	game.reset(3)
	var ended: Dictionary[int, float] = {}
	for decision: int in 200:
		game.step(_idle(game))
		for agent: int in game.endings:
			if not ended.has(agent):
				ended[agent] = game.endings[agent][FLOATS + SUCCESS]
	game.stop()
	var parked := ended.values().reduce(func(sum: float, one: float) -> float: return sum + one, 0.0) as float
	check(ended.size() == 16 and parked >= 12.0, "%d of %d parked" % [roundi(parked), ended.size()])


func _idle(game: ChildGame) -> PackedFloat32Array:
	var idle := PackedFloat32Array()
	idle.resize(game.action_size())
	return idle


## Ahead from the fixed start, along the aisle, into the hedge at its end: what the episode's end reports; or nothing.
func _drive_into_the_hedge(params: Dictionary) -> PackedFloat32Array:
	var settings: Dictionary = {"parked_cars": 0.0, "random_pos": false, "bays_per_row": 2}
	settings.merge(params)
	var game := ChildGame.new(settings, [], SCENE)
	game.reset(1)
	var worst := 0.0
	for decision: int in 40:
		game.step(PackedFloat32Array([0.0, 1.0]))
		worst = minf(worst, game.rewards[0])
		if not game.endings.is_empty():
			break
	var ending: PackedFloat32Array = game.endings.get(0, PackedFloat32Array())
	check(worst < -8.0, "least reward: %f" % worst)
	game.stop()
	return ending


func _weave(decision: int) -> PackedFloat32Array:
	var actions := PackedFloat32Array()
	for agent: int in 3:
		actions.append_array([sin(0.3 * decision), sin(0.3 * decision + 1.0)])
	return actions
