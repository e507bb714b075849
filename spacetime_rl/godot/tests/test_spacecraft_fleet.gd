extends LandingTest
## Several craft and fewer pads: what they see of each other, who may land where, and what a collision does.

const FLEET: PackedScene = preload("res://scenarios/spacecraft_fleet/arena.tscn")
const FLEET_SCENE := "res://scenarios/spacecraft_fleet/spacecraft_fleet.tscn"
const NO_SHAPING := {
	"reward_approach": 0.0,
	"reward_aim": 0.0,
	"reward_sink": 0.0,
	"reward_descent": 0.0,
	"reward_pace": 0.0,
	"reward_drift": 0.0,
	"reward_upright": 0.0
}
const SEEN_BY_ONE := 15 + 18 + 1


func test_a_pilot_sees_its_craft_and_the_three_nearest_others() -> void:
	var zone := _make_fleet({"crafts": 5})
	check_equal(zone.agents.size(), 5, "agents")
	var craft := zone.crafts[0]
	for i: int in range(1, 5):
		zone.crafts[i].position = craft.position + Vector3(0.0, 20.0 * i, 0.0)
	var seen := _seen(craft)
	check_equal(seen.size(), SEEN_BY_ONE, "floats seen")
	for i: int in 3:
		check_close(seen[15 + 6 * i + 1], 0.2 * (i + 1), "height of craft %d" % i, 1e-4)


func test_the_lowest_craft_get_the_pads_and_the_others_wait_beside_them() -> void:
	var zone := _make_fleet({})
	var order := zone.crafts.duplicate()
	order.sort_custom(func(a: Spacecraft, b: Spacecraft) -> bool: return a.position.y < b.position.y)
	check((order[0] as Spacecraft).is_cleared() and (order[1] as Spacecraft).is_cleared(), "the lowest two may land")
	check((order[0] as Spacecraft).pad != (order[1] as Spacecraft).pad, "each on a pad of its own")
	var last := order[2] as Spacecraft
	check(not last.is_cleared(), "the third waits")
	check_equal(_seen(order[0] as Spacecraft)[-1], 0.0, "seen by one that may land")
	check_equal(_seen(last)[-1], 1.0, "seen by the one that waits")
	var place := last.feet() + last.to_target()
	check_close(place.y, zone.fleet.hold_height_m, "height of its place", 1e-3)
	for pad: LandingPad in zone.pads:
		check(Vector2(place.x - pad.position.x, place.z - pad.position.z).length() > 50.0, "it is beside the pads")


func test_who_waits_wastes_what_hovering_does_not_take() -> void:
	var zone := _make_fleet({"reward_waste": -1.0})
	var waiting := _waiting(zone)
	waiting.linear_velocity = Vector3.ZERO
	var judge := zone.judges[zone.crafts.find(waiting)]
	judge.retarget()
	waiting.fuel -= 40.0
	zone.ticks += RLGameTime.ticks_in(1.0)
	judge.shape(Vector3.ZERO)
	check_close(paid(waiting.agent, "waste"), 32.4 - 40.0, "a second of hovering takes 32.4 units", 0.1)


func test_a_pad_is_free_again_when_its_craft_was_towed_off() -> void:
	var zone := _make_fleet({"tow_s": 1.0})
	var waiting := _waiting(zone)
	var guest := _guest(zone)
	await _put_down(zone, guest)
	check(guest.agent.success, "the guest has landed")
	check(not waiting.is_cleared(), "its pad is not free at once")
	check(zone.is_present(guest), "it stands there")
	waiting.agent.ledger.take_reward()
	for tick: int in 110:
		zone.core.advance(TICK)
	check(waiting.is_cleared() and waiting.pad == guest.pad, "the pad is given to the craft that waited")
	check(not zone.is_present(guest), "the guest is gone")
	zone.core.end_decision()
	check_close(waiting.agent.ledger.take_reward(), 0.0, "paid for the new target", 0.5)


func test_a_lost_craft_leaves_its_pad_to_the_next() -> void:
	var zone := _make_fleet({})
	var waiting := _waiting(zone)
	var guest := _guest(zone)
	guest.position.y = 5000.0
	for tick: int in 2 * LandingZone.SLOW_TICKS:
		zone.core.advance(TICK)
	check(not guest.agent.active and not guest.agent.success, "the guest is lost")
	check(waiting.is_cleared() and waiting.pad == guest.pad, "its pad is given away")


func test_landing_without_a_pad_counts_as_a_crash() -> void:
	var zone := _make_fleet({})
	var waiting := _waiting(zone)
	await _put_down(zone, waiting)
	check(not waiting.agent.active and not waiting.agent.success, "over without success")
	check_equal(waiting.agent.get_metric(&"crash"), 1.0, "crash")
	check_close(paid(waiting.agent, "crash"), -50.0, "crash")
	check_close(paid(waiting.agent, "touchdown"), 0.0, "a soft touchdown")


func test_a_collision_ends_both_and_nobody_else() -> void:
	var zone := _make_fleet({"wind_m_s": 0.0})
	var third := zone.crafts[2]
	_fly_at(zone.crafts[0], Vector3(0.0, 300.0, 0.0), Vector3(4.0, 0.0, 0.0))
	_fly_at(zone.crafts[1], Vector3(4.0, 300.0, 0.0), Vector3(-4.0, 0.0, 0.0))
	_fly_at(third, Vector3(100.0, 300.0, 0.0), Vector3.ZERO)
	for tick: int in 30:
		await get_tree().physics_frame
		zone.core.advance(TICK)
	for craft: Spacecraft in [zone.crafts[0], zone.crafts[1]]:
		check(not craft.agent.active and not craft.agent.success, "over without success")
		check_equal(craft.agent.get_metric(&"collision"), 1.0, "collision")
		check_close(paid(craft.agent, "collision"), -20.0, "collision")
		check(craft.agent.final_observation[0] > 0.2, "seen last where it happened")
	check(third.agent.active, "the third goes on")


func test_coming_near_costs_what_going_away_pays() -> void:
	var zone := _make_fleet(NO_SHAPING)
	var craft := zone.crafts[0]
	var home := craft.position
	zone.core.end_decision()
	craft.agent.ledger.take_reward()
	craft.position = zone.crafts[1].position + Vector3(15.0, 0.0, 0.0)
	zone.core.end_decision()
	check_close(craft.agent.ledger.take_reward(), -5.0, "half of the distance lost", 1e-3)
	craft.position = home
	zone.core.end_decision()
	check_close(craft.agent.ledger.take_reward(), 5.0, "won back", 1e-3)


func test_an_episode_of_the_fleet_is_the_same_in_every_arena() -> void:
	var low := {"start_height_min_m": 30.0, "start_height_max_m": 90.0, "tow_s": 1.0}
	var game := ChildGame.new(low, ["--arenas=3"], FLEET_SCENE)
	game.reset(7)
	# Three pilots an arena.
	var first := watch(game, 60, 6)
	game.reset(7, 2, 3)
	check_equal(watch(game, 60, 0).hash(), first.hash(), "what is seen of episode 2 in arena 0 and in arena 2")
	check_equal(game.stop(), 0, "exit code")


func test_the_scripted_pilots_land_one_after_the_other() -> void:
	var low := {"start_height_min_m": 60.0, "start_height_max_m": 200.0, "wind_m_s": 0.0}
	var game := ChildGame.new(low, ["--arenas=4", "--control=heuristic"], FLEET_SCENE)
	game.reset(1)
	var idle := PackedFloat32Array()
	idle.resize(game.action_size())
	var landed := 0
	for decision: int in 320:
		game.step(idle)
		for agent: int in game.endings:
			landed += int(game.endings[agent][SEEN_BY_ONE + 3])
	check(landed >= 10, "landings: %d" % landed)
	game.stop()


func _put_down(zone: FleetZone, craft: Spacecraft) -> void:
	_fly_at(craft, craft.pad.position + Vector3(0.0, Spacecraft.FEET + 0.05, 0.0), Vector3.DOWN)
	for tick: int in 20:
		if craft.agent.active:
			await get_tree().physics_frame
			zone.core.advance(TICK)
	zone.core.advance(TICK)


func _fly_at(craft: Spacecraft, place: Vector3, velocity: Vector3) -> void:
	var hold := craft.hold
	craft.start(Transform3D(Basis.IDENTITY, place), velocity, Vector3.ZERO)
	craft.hold = hold


func _waiting(zone: FleetZone) -> Spacecraft:
	return zone.crafts.filter(func(craft: Spacecraft) -> bool: return not craft.is_cleared())[0]


## Who has been given the pad that another one waits for.
func _guest(zone: FleetZone) -> Spacecraft:
	var pad := _waiting(zone).pad
	return zone.crafts.filter(func(craft: Spacecraft) -> bool: return craft.is_cleared() and craft.pad == pad)[0]


func _seen(craft: Spacecraft) -> PackedFloat32Array:
	var observation := PackedFloat32Array()
	observation.resize(craft.agent.observation_size)
	craft.agent.observe(observation, 0)
	return observation


func _make_fleet(values: Dictionary) -> FleetZone:
	return make_zone(values, FLEET) as FleetZone
