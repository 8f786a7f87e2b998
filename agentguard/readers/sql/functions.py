"""What PostgreSQL's functions do when a query calls them, by name.

`HARMLESS` was taken from pg_proc of PostgreSQL 15: everything in pg_catalog that is declared immutable
or stable (such functions cannot change the database) and can be called from SQL, the volatile ones that
only look, and what 16 to 18 added. `EXTENSIONS` are the same of extensions in wide use. A name that is
nowhere here belongs to somebody's own function, which may do anything.
"""

# ruff: noqa: SIM905 (a thousand words)
from __future__ import annotations

from ...lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...core.effect import Verb

#: What a call of a function does: verb, rule, what it does in words. None of it is undone by ROLLBACK
#: but what stands in `ROLLED_BACK`.
EFFECTS: dict[str, tuple[Verb, str, str]] = {
    "nextval": ("run", "sql-sequence", "takes the next value of a sequence"),
    "setval": ("replace", "sql-setval", "overwrites where a sequence stands"),
    "lo_creat": ("create", "sql-large-object-create", "creates a large object"),
    "lo_create": ("create", "sql-large-object-create", "creates a large object"),
    "lo_from_bytea": ("create", "sql-large-object-create", "creates a large object"),
    "lo_import": ("create", "sql-large-object-create", "creates a large object"),
    "lo_put": ("replace", "sql-large-object-write", "overwrites part of a large object"),
    "lowrite": ("replace", "sql-large-object-write", "overwrites part of a large object"),
    "lo_truncate": ("replace", "sql-large-object-write", "cuts off a large object"),
    "lo_truncate64": ("replace", "sql-large-object-write", "cuts off a large object"),
    "lo_unlink": ("remove", "sql-large-object-unlink", "deletes a large object"),
    "lo_export": ("replace", "sql-server-file", "writes a file on the database server"),
    "pg_file_write": ("replace", "sql-server-file", "writes a file on the database server"),
    "pg_file_rename": ("replace", "sql-server-file", "renames a file on the database server"),
    "pg_file_unlink": ("remove", "sql-server-file", "deletes a file on the database server"),
    "pg_terminate_backend": ("remove", "sql-terminate", "ends another session, whose uncommitted work is lost"),
    "pg_cancel_backend": ("run", "sql-cancel", "cancels another session's query"),
    "pg_drop_replication_slot": ("remove", "sql-replication-slot", "drops a replication slot and its position"),
    "pg_replication_slot_advance": ("remove", "sql-replication-slot", "skips changes that a slot has not delivered"),
    "pg_logical_slot_get_changes": ("remove", "sql-replication-slot", "takes changes out of a replication slot"),
    "pg_logical_slot_get_binary_changes": ("remove", "sql-replication-slot", "takes changes out of a replication slot"),
    "pg_create_logical_replication_slot": ("create", "sql-replication-slot-create", "creates a replication slot"),
    "pg_create_physical_replication_slot": ("create", "sql-replication-slot-create", "creates a replication slot"),
    "pg_copy_logical_replication_slot": ("create", "sql-replication-slot-create", "creates a replication slot"),
    "pg_copy_physical_replication_slot": ("create", "sql-replication-slot-create", "creates a replication slot"),
    "pg_replication_origin_drop": ("remove", "sql-replication-origin", "drops a replication origin and its position"),
    "pg_replication_origin_advance": ("replace", "sql-replication-origin", "overwrites an origin's position"),
    "pg_replication_origin_create": ("create", "sql-replication-origin-create", "creates a replication origin"),
    "pg_promote": ("replace", "sql-promote", "makes a standby the primary, which cannot be undone"),
    "pg_stat_reset": ("remove", "sql-stat-reset", "throws away statistics"),
    "pg_stat_reset_shared": ("remove", "sql-stat-reset", "throws away statistics"),
    "pg_stat_reset_slru": ("remove", "sql-stat-reset", "throws away statistics"),
    "pg_stat_reset_replication_slot": ("remove", "sql-stat-reset", "throws away statistics"),
    "pg_stat_reset_subscription_stats": ("remove", "sql-stat-reset", "throws away statistics"),
    "pg_stat_reset_single_table_counters": ("remove", "sql-stat-reset", "throws away statistics"),
    "pg_stat_reset_single_function_counters": ("remove", "sql-stat-reset", "throws away statistics"),
    "pg_stat_statements_reset": ("remove", "sql-stat-reset", "throws away statistics"),
    "pg_notify": ("run", "sql-notify", "sends a notification"),
    "pg_reload_conf": ("run", "sql-maintenance", "makes the server read its configuration again"),
    "pg_rotate_logfile": ("run", "sql-maintenance", "starts a new server log file"),
    "pg_switch_wal": ("run", "sql-maintenance", "starts a new WAL file"),
    "pg_create_restore_point": ("run", "sql-maintenance", "writes a restore point"),
    "pg_backup_start": ("run", "sql-maintenance", "starts a backup"),
    "pg_backup_stop": ("run", "sql-maintenance", "ends a backup"),
    "pg_logical_emit_message": ("run", "sql-maintenance", "writes a message to the WAL"),
    "pg_wal_replay_pause": ("run", "sql-maintenance", "pauses replay on a standby"),
    "pg_wal_replay_resume": ("run", "sql-maintenance", "resumes replay on a standby"),
    "pg_import_system_collations": ("create", "sql-create", "adds collations"),
    "autoprewarm_dump_now": ("run", "sql-maintenance", "writes down what is in the cache"),
    "autoprewarm_start_worker": ("run", "sql-maintenance", "starts a worker that loads the cache"),
    "pg_truncate_visibility_map": ("run", "sql-maintenance", "throws away a map that VACUUM makes again"),
    "pg_file_sync": ("run", "sql-maintenance", "writes a file of the server to its disk"),
    "dblink_cancel_query": ("run", "sql-cancel", "cancels another session's query"),
    "pg_prewarm": ("run", "sql-maintenance", "loads a table into the cache"),
    "gin_clean_pending_list": ("run", "sql-maintenance", "tidies an index"),
    "brin_summarize_new_values": ("run", "sql-maintenance", "tidies an index"),
    "brin_summarize_range": ("run", "sql-maintenance", "tidies an index"),
    "brin_desummarize_range": ("run", "sql-maintenance", "tidies an index"),
}

#: Those of EFFECTS that the end of a transaction takes back.
ROLLED_BACK = frozenset(
    """
    lo_creat lo_create lo_from_bytea lo_import lo_put lowrite lo_truncate lo_truncate64 lo_unlink pg_notify
    pg_import_system_collations
    """.split()
)

#: Functions that run the SQL in their arguments, and which arguments those are.
CARRY_SQL = {
    **dict.fromkeys(("query_to_xml", "query_to_xmlschema", "query_to_xml_and_xmlschema", "ts_stat"), (0,)),
    **dict.fromkeys(("crosstab2", "crosstab3", "crosstab4"), (0,)),
    **dict.fromkeys(("crosstab", "crosstab_hash"), (0, 1)),
    "ts_rewrite": (1,),
}

#: Functions that read whole tables and views: the one that their first argument names, or all of a schema or database.
READ_RELATIONS = {
    **dict.fromkeys(("table_to_xml", "table_to_xml_and_xmlschema"), "one"),
    **dict.fromkeys(("schema_to_xml", "schema_to_xml_and_xmlschema"), "all"),
    **dict.fromkeys(("database_to_xml", "database_to_xml_and_xmlschema"), "all"),
}

#: Functions that run SQL on another server.
ELSEWHERE = frozenset(
    ("dblink", "dblink_close", "dblink_exec", "dblink_fetch", "dblink_get_result", "dblink_open", "dblink_send_query")
)

EXTENSIONS = frozenset(
    """
    akeys armor avals brin_metapage_info brin_page_items brin_page_type brin_revmap_data bt_index_check
    bt_index_parent_check bt_metap bt_page_items bt_page_stats cosine_distance crypt cube cube_dim cube_distance
    cube_enlarge cube_inter cube_is_point cube_ll_coord cube_size cube_subset cube_union cube_ur_coord daitch_mokotoff
    dblink_build_sql_delete dblink_build_sql_insert dblink_build_sql_update dblink_connect dblink_connect_u
    dblink_current_query dblink_disconnect dblink_error_message dblink_get_connections dblink_get_notify dblink_get_pkey
    dblink_is_busy dearmor decrypt decrypt_iv defined digest dmetaphone dmetaphone_alt earth earth_box earth_distance
    encrypt encrypt_iv exists_all exists_any fsm_page_contents gc_to_sec gen_random_bytes gen_salt get_raw_page
    gin_leafpage_items gin_metapage_info gin_page_opaque_info gist_page_items gist_page_items_bytea
    gist_page_opaque_info hash_bitmap_info hash_metapage_info hash_page_items hash_page_stats hash_page_type
    heap_page_item_attrs heap_page_items heap_tuple_infomask_flags hmac hstore hstore_to_array hstore_to_json
    hstore_to_json_loose hstore_to_jsonb hstore_to_jsonb_loose hypopg icount inner_product int_array_aggregate
    int_array_enum intset l1_distance l2_distance levenshtein levenshtein_less_equal ll_to_earth ltree2text metaphone
    nlevel normal_rand page_checksum page_header pg_buffercache_pages pg_buffercache_summary pg_check_frozen
    pg_check_visible pg_freespace pg_get_wal_record_info pg_get_wal_records_info pg_get_wal_records_info_till_end_of_wal
    pg_get_wal_stats pg_get_wal_stats_till_end_of_wal pg_logdir_ls pg_old_snapshot_time_mapping pg_relpages
    pg_stat_statements pg_stat_statements_info pg_visibility pg_visibility_map pg_visibility_map_summary
    pgp_armor_headers pgp_key_id pgp_pub_decrypt pgp_pub_decrypt_bytea pgp_pub_encrypt pgp_pub_encrypt_bytea
    pgp_sym_decrypt pgp_sym_decrypt_bytea pgp_sym_encrypt pgp_sym_encrypt_bytea pgrowlocks pgstatginindex
    pgstathashindex pgstatindex pgstattuple pgstattuple_approx postgis_full_version postgis_version
    postgres_fdw_disconnect postgres_fdw_disconnect_all postgres_fdw_get_connections sec_to_gc set_limit show_limit
    show_trgm similarity skeys soundex ssl_cipher ssl_client_cert_present ssl_client_dn ssl_client_dn_field
    ssl_client_serial ssl_extension_info ssl_is_used ssl_issuer_dn ssl_issuer_field ssl_version strict_word_similarity
    subltree subpath svals text2ltree text_soundex time_bucket tuple_data_split unaccent uuid_generate_v1
    uuid_generate_v1mc uuid_generate_v3 uuid_generate_v4 uuid_generate_v5 uuid_nil uuid_ns_dns uuid_ns_oid uuid_ns_url
    uuid_ns_x500 vector_dims vector_norm verify_heapam word_similarity xml_encode_special_chars xml_valid
    """.split()
)

#: pg_catalog's own, but for what stands behind operators and types, which nobody calls by name.
HARMLESS = frozenset(
    """
    abbrev abs aclcontains acldefault aclexplode aclinsert aclremove acos acosd acosh age amvalidate any_value area
    array_agg array_append array_cat array_dims array_fill array_length array_lower array_ndims array_position
    array_positions array_prepend array_remove array_replace array_reverse array_sample array_shuffle array_sort
    array_to_json array_to_string array_to_tsvector array_upper ascii asin asind asinh atan atan2 atan2d atand atanh avg
    bit bit_and bit_count bit_length bit_or bit_xor bool bool_and bool_or bound_box box bpchar broadcast btrim
    cardinality casefold cash_words cbrt ceil ceiling center char char_length character_length chr cidr circle
    clock_timestamp col_description concat concat_ws convert convert_from convert_to corr cos cosd cosh cot cotd count
    covar_pop covar_samp crc32 crc32c cume_dist current_database current_query current_schema current_schemas
    current_setting current_user currtid2 currval cursor_to_xml cursor_to_xmlschema database_to_xml
    database_to_xml_and_xmlschema database_to_xmlschema date date_add date_bin date_part date_subtract date_trunc
    datemultirange daterange daterange_canonical daterange_subdiff decode degrees dense_rank dexp diagonal diameter div
    dlog1 dlog10 dround dtrunc encode enum_first enum_last enum_range erf erfc every exp extract factorial family
    first_value float4 float8 floor format format_type gamma gcd gen_random_uuid generate_series generate_subscripts
    get_bit get_byte get_current_ts_config getdatabaseencoding getpgusername has_any_column_privilege
    has_column_privilege has_database_privilege has_foreign_data_wrapper_privilege has_function_privilege
    has_language_privilege has_largeobject_privilege has_parameter_privilege has_schema_privilege has_sequence_privilege
    has_server_privilege has_table_privilege has_tablespace_privilege has_type_privilege hashtext height host hostmask
    icu_unicode_version in_range inet_client_addr inet_client_port inet_merge inet_same_family inet_server_addr
    inet_server_port initcap int2 int4 int4multirange int4range int4range_canonical int4range_subdiff int8
    int8multirange int8range int8range_canonical int8range_subdiff interval is_normalized isclosed isempty isfinite
    ishorizontal isopen isparallel isperp isvertical json_agg json_agg_strict json_array_elements
    json_array_elements_text json_array_length json_build_array json_build_object json_each json_each_text
    json_extract_path json_extract_path_text json_object json_object_agg json_object_agg_strict json_object_agg_unique
    json_object_agg_unique_strict json_object_keys json_populate_record json_populate_recordset json_strip_nulls
    json_to_record json_to_recordset json_to_tsvector json_typeof jsonb_agg jsonb_agg_strict jsonb_array_elements
    jsonb_array_elements_text jsonb_array_length jsonb_build_array jsonb_build_object jsonb_concat jsonb_delete
    jsonb_delete_path jsonb_each jsonb_each_text jsonb_extract_path jsonb_extract_path_text jsonb_insert jsonb_object
    jsonb_object_agg jsonb_object_agg_strict jsonb_object_agg_unique jsonb_object_agg_unique_strict jsonb_object_keys
    jsonb_path_exists jsonb_path_exists_tz jsonb_path_match jsonb_path_match_tz jsonb_path_query jsonb_path_query_array
    jsonb_path_query_array_tz jsonb_path_query_first jsonb_path_query_first_tz jsonb_path_query_tz jsonb_populate_record
    jsonb_populate_recordset jsonb_pretty jsonb_set jsonb_set_lax jsonb_strip_nulls jsonb_to_record jsonb_to_recordset
    jsonb_to_tsvector jsonb_typeof justify_days justify_hours justify_interval lag last_value lastval lcm lead left
    length lgamma like like_escape line ln lo_close lo_get lo_lseek lo_lseek64 lo_open lo_tell lo_tell64 log log10
    loread lower lower_inc lower_inf lpad lseg ltrim macaddr macaddr8 macaddr8_set7bit make_date make_interval make_time
    make_timestamp make_timestamptz makeaclitem masklen max md5 min min_scale mod mode money multirange mxid_age name
    nameconcatoid netmask network normalize notlike now npoints nth_value ntile num_nonnulls num_nulls numeric
    numeric_div_trunc numeric_exp numeric_inc numeric_ln numeric_log numeric_sqrt nummultirange numnode numrange
    numrange_subdiff obj_description octet_length oid oidvectortypes overlaps overlay parse_ident path pclose
    percent_rank percentile_cont percentile_disc pg_advisory_lock pg_advisory_lock_shared pg_advisory_unlock
    pg_advisory_unlock_all pg_advisory_unlock_shared pg_advisory_xact_lock pg_advisory_xact_lock_shared
    pg_available_extension_versions pg_available_extensions pg_available_wal_summaries pg_backend_pid pg_basetype
    pg_blocking_pids pg_char_to_encoding pg_client_encoding pg_collation_actual_version pg_collation_for
    pg_collation_is_visible pg_column_compression pg_column_is_updatable pg_column_size pg_column_toast_chunk_id
    pg_conf_load_time pg_config pg_control_checkpoint pg_control_init pg_control_recovery pg_control_system
    pg_conversion_is_visible pg_current_logfile pg_current_snapshot pg_current_wal_flush_lsn pg_current_wal_insert_lsn
    pg_current_wal_lsn pg_current_xact_id pg_current_xact_id_if_assigned pg_cursor pg_database_collation_actual_version
    pg_database_size pg_describe_object pg_encoding_max_length pg_encoding_to_char pg_event_trigger_ddl_commands
    pg_event_trigger_dropped_objects pg_event_trigger_table_rewrite_oid pg_event_trigger_table_rewrite_reason
    pg_export_snapshot pg_extension_update_paths pg_filenode_relation pg_function_is_visible pg_get_acl
    pg_get_backend_memory_contexts pg_get_catalog_foreign_keys pg_get_constraintdef pg_get_expr
    pg_get_function_arg_default pg_get_function_arguments pg_get_function_identity_arguments pg_get_function_result
    pg_get_function_sqlbody pg_get_functiondef pg_get_indexdef pg_get_keywords pg_get_loaded_modules
    pg_get_multixact_members pg_get_object_address pg_get_partition_constraintdef pg_get_partkeydef
    pg_get_publication_tables pg_get_replica_identity_index pg_get_replication_slots pg_get_ruledef
    pg_get_serial_sequence pg_get_shmem_allocations pg_get_statisticsobjdef pg_get_statisticsobjdef_columns
    pg_get_statisticsobjdef_expressions pg_get_triggerdef pg_get_userbyid pg_get_viewdef pg_get_wal_replay_pause_state
    pg_get_wal_resource_managers pg_get_wal_summarizer_state pg_has_role pg_hba_file_rules pg_ident_file_mappings
    pg_identify_object pg_identify_object_as_address pg_index_column_has_property pg_index_has_property
    pg_indexam_has_property pg_indexam_progress_phasename pg_indexes_size pg_input_error_info pg_input_is_valid
    pg_is_in_recovery pg_is_other_temp_schema pg_is_wal_replay_paused pg_jit_available pg_last_committed_xact
    pg_last_wal_receive_lsn pg_last_wal_replay_lsn pg_last_xact_replay_timestamp pg_listening_channels pg_lock_status
    pg_log_backend_memory_contexts pg_logical_slot_peek_binary_changes pg_logical_slot_peek_changes
    pg_ls_archive_statusdir pg_ls_dir pg_ls_logdir pg_ls_logicalmapdir pg_ls_logicalsnapdir pg_ls_replslotdir
    pg_ls_tmpdir pg_ls_waldir pg_lsn pg_mcv_list_items pg_my_temp_schema pg_notification_queue_usage pg_numa_available
    pg_opclass_is_visible pg_operator_is_visible pg_opfamily_is_visible pg_options_to_table pg_partition_ancestors
    pg_partition_root pg_partition_tree pg_postmaster_start_time pg_prepared_statement pg_prepared_xact
    pg_read_binary_file pg_read_file pg_relation_filenode pg_relation_filepath pg_relation_is_publishable
    pg_relation_is_updatable pg_relation_size pg_replication_origin_oid pg_replication_origin_progress
    pg_replication_origin_session_is_setup pg_replication_origin_session_progress pg_safe_snapshot_blocking_pids
    pg_sequence_last_value pg_sequence_parameters pg_settings_get_flags pg_show_all_file_settings pg_show_all_settings
    pg_show_replication_origin_status pg_size_bytes pg_size_pretty pg_sleep pg_sleep_for pg_sleep_until pg_snapshot_xip
    pg_snapshot_xmax pg_snapshot_xmin pg_split_walfile_name pg_stat_clear_snapshot pg_stat_file pg_stat_force_next_flush
    pg_stat_get_activity pg_stat_get_analyze_count pg_stat_get_archiver pg_stat_get_autoanalyze_count
    pg_stat_get_autovacuum_count pg_stat_get_backend_activity pg_stat_get_backend_activity_start
    pg_stat_get_backend_client_addr pg_stat_get_backend_client_port pg_stat_get_backend_dbid pg_stat_get_backend_idset
    pg_stat_get_backend_pid pg_stat_get_backend_start pg_stat_get_backend_subxact pg_stat_get_backend_userid
    pg_stat_get_backend_wait_event pg_stat_get_backend_wait_event_type pg_stat_get_backend_xact_start
    pg_stat_get_bgwriter_buf_written_checkpoints pg_stat_get_bgwriter_buf_written_clean
    pg_stat_get_bgwriter_maxwritten_clean pg_stat_get_bgwriter_requested_checkpoints
    pg_stat_get_bgwriter_stat_reset_time pg_stat_get_bgwriter_timed_checkpoints pg_stat_get_blocks_fetched
    pg_stat_get_blocks_hit pg_stat_get_buf_alloc pg_stat_get_buf_fsync_backend pg_stat_get_buf_written_backend
    pg_stat_get_checkpoint_sync_time pg_stat_get_checkpoint_write_time pg_stat_get_checkpointer_buffers_written
    pg_stat_get_checkpointer_num_performed pg_stat_get_checkpointer_num_requested pg_stat_get_checkpointer_num_timed
    pg_stat_get_checkpointer_restartpoints_performed pg_stat_get_checkpointer_restartpoints_requested
    pg_stat_get_checkpointer_restartpoints_timed pg_stat_get_checkpointer_slru_written
    pg_stat_get_checkpointer_stat_reset_time pg_stat_get_checkpointer_sync_time pg_stat_get_checkpointer_write_time
    pg_stat_get_db_active_time pg_stat_get_db_blk_read_time pg_stat_get_db_blk_write_time pg_stat_get_db_blocks_fetched
    pg_stat_get_db_blocks_hit pg_stat_get_db_checksum_failures pg_stat_get_db_checksum_last_failure
    pg_stat_get_db_conflict_all pg_stat_get_db_conflict_bufferpin pg_stat_get_db_conflict_lock
    pg_stat_get_db_conflict_snapshot pg_stat_get_db_conflict_startup_deadlock pg_stat_get_db_conflict_tablespace
    pg_stat_get_db_deadlocks pg_stat_get_db_idle_in_transaction_time pg_stat_get_db_numbackends
    pg_stat_get_db_session_time pg_stat_get_db_sessions pg_stat_get_db_sessions_abandoned pg_stat_get_db_sessions_fatal
    pg_stat_get_db_sessions_killed pg_stat_get_db_stat_reset_time pg_stat_get_db_temp_bytes pg_stat_get_db_temp_files
    pg_stat_get_db_tuples_deleted pg_stat_get_db_tuples_fetched pg_stat_get_db_tuples_inserted
    pg_stat_get_db_tuples_returned pg_stat_get_db_tuples_updated pg_stat_get_db_xact_commit pg_stat_get_db_xact_rollback
    pg_stat_get_dead_tuples pg_stat_get_function_calls pg_stat_get_function_self_time pg_stat_get_function_total_time
    pg_stat_get_ins_since_vacuum pg_stat_get_io pg_stat_get_last_analyze_time pg_stat_get_last_autoanalyze_time
    pg_stat_get_last_autovacuum_time pg_stat_get_last_vacuum_time pg_stat_get_lastscan pg_stat_get_live_tuples
    pg_stat_get_mod_since_analyze pg_stat_get_numscans pg_stat_get_progress_info pg_stat_get_recovery_prefetch
    pg_stat_get_replication_slot pg_stat_get_slru pg_stat_get_snapshot_timestamp pg_stat_get_subscription
    pg_stat_get_subscription_stats pg_stat_get_tuples_deleted pg_stat_get_tuples_fetched pg_stat_get_tuples_hot_updated
    pg_stat_get_tuples_inserted pg_stat_get_tuples_returned pg_stat_get_tuples_updated pg_stat_get_vacuum_count
    pg_stat_get_wal pg_stat_get_wal_receiver pg_stat_get_wal_senders pg_stat_get_xact_blocks_fetched
    pg_stat_get_xact_blocks_hit pg_stat_get_xact_function_calls pg_stat_get_xact_function_self_time
    pg_stat_get_xact_function_total_time pg_stat_get_xact_numscans pg_stat_get_xact_tuples_deleted
    pg_stat_get_xact_tuples_fetched pg_stat_get_xact_tuples_hot_updated pg_stat_get_xact_tuples_inserted
    pg_stat_get_xact_tuples_returned pg_stat_get_xact_tuples_updated pg_stat_have_stats pg_statistics_obj_is_visible
    pg_table_is_visible pg_table_size pg_tablespace_databases pg_tablespace_location pg_tablespace_size
    pg_timezone_abbrevs pg_timezone_names pg_total_relation_size pg_trigger_depth pg_try_advisory_lock
    pg_try_advisory_lock_shared pg_try_advisory_xact_lock pg_try_advisory_xact_lock_shared pg_ts_config_is_visible
    pg_ts_dict_is_visible pg_ts_parser_is_visible pg_ts_template_is_visible pg_type_is_visible pg_typeof
    pg_visible_in_snapshot pg_wal_lsn_diff pg_wal_summary_contents pg_walfile_name pg_walfile_name_offset
    pg_xact_commit_timestamp pg_xact_commit_timestamp_origin pg_xact_status phraseto_tsquery pi plainto_tsquery point
    polygon popen position pow power querytree quote_ident quote_literal quote_nullable radians radius random
    random_normal range_agg range_intersect_agg range_merge rank regclass regexp_count regexp_instr regexp_like
    regexp_match regexp_matches regexp_replace regexp_split_to_array regexp_split_to_table regexp_substr regr_avgx
    regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy repeat replace reverse right round
    row_number row_security_active row_to_json rpad rtrim scale schema_to_xml schema_to_xml_and_xmlschema
    schema_to_xmlschema session_user set_bit set_byte set_masklen setseed setweight sha224 sha256 sha384 sha512
    shobj_description sign similar_escape similar_to_escape sin sind sinh slope split_part sqrt starts_with
    statement_timestamp stddev stddev_pop stddev_samp string_agg string_to_array string_to_table strip strpos substr
    substring sum system_user table_to_xml table_to_xml_and_xmlschema table_to_xmlschema tan tand tanh text textcat
    textlen time timeofday timestamp timestamptz timetz timezone to_ascii to_bin to_char to_date to_hex to_json to_jsonb
    to_number to_oct to_regclass to_regcollation to_regnamespace to_regoper to_regoperator to_regproc to_regprocedure
    to_regrole to_regtype to_regtypemod to_timestamp to_tsquery to_tsvector transaction_timestamp translate trim_array
    trim_scale trunc ts_debug ts_delete ts_filter ts_headline ts_lexize ts_parse ts_rank ts_rank_cd ts_token_type
    tsmultirange tsquery_phrase tsrange tsrange_subdiff tstzmultirange tstzrange tstzrange_subdiff tsvector_to_array
    txid_current txid_current_if_assigned txid_current_snapshot txid_snapshot_xip txid_snapshot_xmax txid_snapshot_xmin
    txid_status txid_visible_in_snapshot unicode_assigned unicode_version unistr unnest upper upper_inc upper_inf
    uuid_extract_timestamp uuid_extract_version uuidv4 uuidv7 var_pop var_samp varbit varchar variance version
    websearch_to_tsquery width width_bucket xid xml xml_is_well_formed xml_is_well_formed_content
    xml_is_well_formed_document xmlagg xmlcomment xmlexists xmltext xmlvalidate xpath xpath_exists
    """.split()
)


#: pg_catalog's own functions for triggers, which only change the row at hand.
ROW_TRIGGERS = frozenset(
    "suppress_redundant_updates_trigger tsvector_update_trigger tsvector_update_trigger_column".split()
)
#: The same of extensions.
EXTENSION_TRIGGERS = frozenset("moddatetime insert_username autoinc".split())
#: What of pg_catalog changes nothing when it is called later.
QUIET = HARMLESS | ROW_TRIGGERS


def is_postgis(name: str) -> bool:
    """Whether a name is one of PostGIS's thousand functions, none of which changes anything (ST_Area)."""
    return name.startswith("st_") and "_" not in name[3:]


def is_extensions(name: str) -> bool:
    """Whether a name is that of a harmless function of an extension in wide use; anybody can take it for another."""
    return name in EXTENSIONS or name in EXTENSION_TRIGGERS or is_postgis(name)


def acts(name: str) -> bool:
    """Whether pg_catalog's function of that name does more than to look."""
    return name in EFFECTS or name in CARRY_SQL or name in ELSEWHERE
