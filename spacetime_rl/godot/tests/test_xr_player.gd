extends RLTest
## Simulated VR players: trackers of their own, read back through the engine's XR nodes.


func test_poses_are_read_back_in_the_same_tick() -> void:
	var player := _add_player()
	player.track_head(Transform3D(Basis(Vector3.UP, 0.5), Vector3(0.0, 1.6, 0.1)))
	player.track_hand(RLXRPlayer.Hand.RIGHT, Transform3D(Basis(), Vector3(0.3, 1.0, -0.5)), Vector3(0.0, 2.0, 0.0))
	check(player.head.position.is_equal_approx(Vector3(0.0, 1.6, 0.1)), "head at %s" % player.head.position)
	check_close(player.head.rotation.y, 0.5, "head turn")
	check(player.right_hand.position.is_equal_approx(Vector3(0.3, 1.0, -0.5)), "hand %s" % player.right_hand.position)
	check_equal(player.hand_velocity(RLXRPlayer.Hand.RIGHT), Vector3(0.0, 2.0, 0.0), "hand velocity")
	check(player.right_hand.get_has_tracking_data(), "the hand is not tracked")


func test_the_hands_go_where_the_body_goes() -> void:
	var player := _add_player()
	player.track_hand(RLXRPlayer.Hand.LEFT, Transform3D(Basis(), Vector3(0.0, 1.0, -1.0)))
	player.transform = Transform3D(Basis(Vector3.UP, PI / 2.0), Vector3(5.0, 0.0, 0.0))
	var hand := player.left_hand.global_position
	check(hand.is_equal_approx(Vector3(4.0, 1.0, 0.0)), "hand at %s" % hand)


func test_triggers_are_read_by_the_controller() -> void:
	var player := _add_player()
	player.set_trigger(RLXRPlayer.Hand.LEFT, 0.75)
	check_close(player.left_hand.get_float("trigger"), 0.75, "left")
	check_close(player.right_hand.get_float("trigger"), 0.0, "right")


func test_many_players_do_not_mix() -> void:
	var players: Array[RLXRPlayer] = []
	for i: int in 16:
		players.append(_add_player())
		players[i].track_hand(RLXRPlayer.Hand.LEFT, Transform3D(Basis(), Vector3(0.01 * i, 1.0, 0.0)))
	for i: int in 16:
		check_close(players[i].left_hand.position.x, 0.01 * i, "hand of player %d" % i)


func test_trackers_leave_with_their_player() -> void:
	var before := XRServer.get_trackers(XRServer.TRACKER_ANY).size()
	var player := _add_player()
	check_equal(XRServer.get_trackers(XRServer.TRACKER_ANY).size(), before + 3, "trackers with a player")
	player.free()
	check_equal(XRServer.get_trackers(XRServer.TRACKER_ANY).size(), before, "trackers afterwards")


func test_a_player_with_a_headset_has_no_trackers_of_its_own() -> void:
	var before := XRServer.get_trackers(XRServer.TRACKER_ANY).size()
	var player := RLXRPlayer.new()
	player.use_headset()
	add_child(player)
	check_equal(XRServer.get_trackers(XRServer.TRACKER_ANY).size(), before, "trackers")
	check_equal(player.left_hand.tracker, &"left_hand", "tracker of the left hand")


func _add_player() -> RLXRPlayer:
	var player := RLXRPlayer.new()
	add_child(player)
	return player
