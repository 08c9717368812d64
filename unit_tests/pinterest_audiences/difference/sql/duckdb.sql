SELECT form
  FROM "pins"."pinterest_audience"
  WHERE 1 = 0;

CREATE TABLE IF NOT EXISTS "pins"."pinterest_sent" (epoch VARCHAR, identifier VARCHAR, kind VARCHAR, doubt BIGINT);

CREATE TABLE IF NOT EXISTS "pins"."pinterest_change" (epoch VARCHAR, identifier VARCHAR, kind VARCHAR, number BIGINT, operation VARCHAR);

CREATE TABLE IF NOT EXISTS "pins"."pinterest_audience" (ad_account_id VARCHAR, audience VARCHAR, form BIGINT, epoch VARCHAR, customer_list_id VARCHAR, begun_to BIGINT, done_to BIGINT, fill VARCHAR, lease VARCHAR, leased_until BIGINT, updated_at BIGINT);

SELECT form, epoch, customer_list_id, begun_to, done_to, fill, lease, leased_until, CAST(floor(epoch(get_current_timestamp())) AS BIGINT)
  FROM "pins"."pinterest_audience"
  WHERE ad_account_id = :account
  AND audience = :audience;

INSERT INTO "pins"."pinterest_audience" (ad_account_id, audience, form, epoch, begun_to, done_to, leased_until)
  VALUES (:account, :audience, 1, '', 0, 0, 0);

UPDATE "pins"."pinterest_audience"
  SET lease = :lease, leased_until = CAST(floor(epoch(get_current_timestamp())) AS BIGINT) + :seconds
  WHERE ad_account_id = :account
  AND audience = :audience;

SELECT lease
  FROM "pins"."pinterest_audience"
  WHERE ad_account_id = :account
  AND audience = :audience;

UPDATE "pins"."pinterest_audience"
  SET epoch = :epoch, customer_list_id = :list, begun_to = 0, done_to = 0
  WHERE ad_account_id = :account
  AND audience = :audience
  AND lease = :lease;

DELETE
  FROM "pins"."pinterest_change"
  WHERE epoch = :epoch;

DELETE
  FROM "pins"."pinterest_sent"
  WHERE epoch = :epoch;

SELECT place, way_0, CASE way_0
  WHEN 'plain'
  THEN sha256(LOWER(text_0))
  WHEN 'digest'
  THEN LOWER(text_0) END
  FROM (SELECT place, text_0, CASE
  WHEN text_0 IS NULL
  THEN 'odd'
  WHEN LENGTH(text_0) = 0
  THEN 'blank'
  WHEN LENGTH(text_0) <= 63
  AND regexp_full_match(text_0, '[A-Za-z0-9_][A-Za-z0-9_+-]*([.][A-Za-z0-9_+-]+)*@([A-Za-z0-9]+(-[A-Za-z0-9]+)*[.])+[A-Za-z]{2,63}')
  AND NOT (regexp_full_match(LOWER(text_0), '.*[.](arpa|invalid|local|localhost|onion|test)'))
  THEN 'plain'
  WHEN LENGTH(text_0) = 64
  AND regexp_full_match(text_0, '[0-9a-fA-F]{64}')
  AND NOT (regexp_full_match(LOWER(text_0), '0000000000000000000000000000000000000000000000000000000000000000|0a481a8dc8a8aa0efbf1ee6f2524dfe7c8b5b93369a2f98b4a671da8901e127b|12b9377cbe7e5c94e8a70d9d23929523d14afa954793130f8a3959c7b849aca8|140bedbf9c3f6d56a9846d2ba7088798683f4da0c248231336e6a05679e4fdfe|20ef0f0c8d0eea98772412cea9b3b92612e3e53cb5e59152b5703165f56e8a53|36a9e7f1c95b82ffb99743e0c5c4ce95d83c9a430aac59f84ef3cbfab6145068|3d9fc4bde7ceef058d65b00186e79c1f14b42687b491644c303065135b644e18|74234e98afe7498fb5daf1f36ac2d78acc339464f950703b8c019892f982b90b|9b2d5b4678781e53038e91ea5324530a03f27dc1d0e5f6c9bc9d493a23be9de0|a683c5c5349f6f7fb903ba8a9e7e55d0ba1b8f03579f95be83f4954c33e81098|b582d3167c70c098fdfefc2c847a1aae83150febc4602a51ef83a84a175d417c|c627c09c14e58e44bc51622dac392958ec88244e414b508020634f53cfcd1e69|d5b592c05dc25b5032553f1b27f4139be95e881f73db33b02b05ab20c3f9981e|dc937b59892604f5a86ac96936cd7ff09e25f18ae6b758e8014a24c7fa039e91|e2f79e5b60330bba4c289962231b6ba2957d0b14e7deb3110417003c79dea635|e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855|eb045d78d273107348b0300c01d29b7552d622abbc6faf81b3ec55359aa9950c|fa1d2db62d4d952e2031452e1bc1ddcad0b192c2e29a706f11ce426ae5acddea|fb329000228cc5a24c264c57139de8bf854fc86fc18bf1c04ab61a2b5cb4b921'))
  THEN 'digest' ELSE 'odd' END AS way_0
  FROM (SELECT place, CASE
  WHEN "email" IS NULL
  THEN ''
  WHEN typeof("email") IN ('VARCHAR', 'UUID')
  THEN CASE
  WHEN prefix(CAST("email" AS VARCHAR), ' ')
  OR suffix(CAST("email" AS VARCHAR), ' ')
  THEN trim(CAST("email" AS VARCHAR), ' ') ELSE CAST("email" AS VARCHAR) END END AS text_0
  FROM (SELECT 0 AS place, CAST(:v0 AS VARCHAR) AS "tried"
  UNION ALL SELECT 1 AS place, CAST(:v1 AS VARCHAR) AS "tried") given) trimmed) ways;

DROP TABLE IF EXISTS "pins"."pinterest_staging_1f2e3d";

CREATE TABLE "pins"."pinterest_staging_1f2e3d" (identifier VARCHAR, kind VARCHAR, standing VARCHAR);

INSERT INTO "pins"."pinterest_staging_1f2e3d" (identifier, kind, standing) SELECT CASE
  WHEN standing = 'taken'
  THEN sent_0 END AS identifier, 'EMAIL' AS kind, standing
  FROM (SELECT CASE way_0
  WHEN 'plain'
  THEN sha256(LOWER(text_0))
  WHEN 'digest'
  THEN LOWER(text_0) END AS sent_0, CASE
  WHEN way_0 = 'odd'
  THEN 'odd'
  WHEN way_0 = 'blank'
  THEN 'odd' ELSE 'taken' END AS standing
  FROM (SELECT text_0, CASE
  WHEN text_0 IS NULL
  THEN 'odd'
  WHEN LENGTH(text_0) = 0
  THEN 'blank'
  WHEN LENGTH(text_0) <= 63
  AND regexp_full_match(text_0, '[A-Za-z0-9_][A-Za-z0-9_+-]*([.][A-Za-z0-9_+-]+)*@([A-Za-z0-9]+(-[A-Za-z0-9]+)*[.])+[A-Za-z]{2,63}')
  AND NOT (regexp_full_match(LOWER(text_0), '.*[.](arpa|invalid|local|localhost|onion|test)'))
  THEN 'plain'
  WHEN LENGTH(text_0) = 64
  AND regexp_full_match(text_0, '[0-9a-fA-F]{64}')
  AND NOT (regexp_full_match(LOWER(text_0), '0000000000000000000000000000000000000000000000000000000000000000|0a481a8dc8a8aa0efbf1ee6f2524dfe7c8b5b93369a2f98b4a671da8901e127b|12b9377cbe7e5c94e8a70d9d23929523d14afa954793130f8a3959c7b849aca8|140bedbf9c3f6d56a9846d2ba7088798683f4da0c248231336e6a05679e4fdfe|20ef0f0c8d0eea98772412cea9b3b92612e3e53cb5e59152b5703165f56e8a53|36a9e7f1c95b82ffb99743e0c5c4ce95d83c9a430aac59f84ef3cbfab6145068|3d9fc4bde7ceef058d65b00186e79c1f14b42687b491644c303065135b644e18|74234e98afe7498fb5daf1f36ac2d78acc339464f950703b8c019892f982b90b|9b2d5b4678781e53038e91ea5324530a03f27dc1d0e5f6c9bc9d493a23be9de0|a683c5c5349f6f7fb903ba8a9e7e55d0ba1b8f03579f95be83f4954c33e81098|b582d3167c70c098fdfefc2c847a1aae83150febc4602a51ef83a84a175d417c|c627c09c14e58e44bc51622dac392958ec88244e414b508020634f53cfcd1e69|d5b592c05dc25b5032553f1b27f4139be95e881f73db33b02b05ab20c3f9981e|dc937b59892604f5a86ac96936cd7ff09e25f18ae6b758e8014a24c7fa039e91|e2f79e5b60330bba4c289962231b6ba2957d0b14e7deb3110417003c79dea635|e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855|eb045d78d273107348b0300c01d29b7552d622abbc6faf81b3ec55359aa9950c|fa1d2db62d4d952e2031452e1bc1ddcad0b192c2e29a706f11ce426ae5acddea|fb329000228cc5a24c264c57139de8bf854fc86fc18bf1c04ab61a2b5cb4b921'))
  THEN 'digest' ELSE 'odd' END AS way_0
  FROM (SELECT CASE
  WHEN "email" IS NULL
  THEN ''
  WHEN typeof("email") IN ('VARCHAR', 'UUID')
  THEN CASE
  WHEN prefix(CAST("email" AS VARCHAR), ' ')
  OR suffix(CAST("email" AS VARCHAR), ' ')
  THEN trim(CAST("email" AS VARCHAR), ' ') ELSE CAST("email" AS VARCHAR) END END AS text_0
  FROM people) trimmed) ways) judged;

INSERT INTO "pins"."pinterest_staging_1f2e3d" (identifier, kind, standing) SELECT identifier, kind, standing
  FROM (SELECT CASE
  WHEN judged.standing = 'taken'
  THEN CASE places.place
  WHEN 0
  THEN sent_0
  WHEN 1
  THEN sent_1
  WHEN 2
  THEN sent_2 END END AS identifier, CASE places.place
  WHEN 0
  THEN 'EMAIL'
  WHEN 1
  THEN 'IDFA'
  WHEN 2
  THEN 'PHONE' END AS kind, CASE
  WHEN places.place = 0
  THEN judged.standing END AS standing
  FROM (SELECT CASE way_0
  WHEN 'plain'
  THEN sha256(LOWER(text_0))
  WHEN 'digest'
  THEN LOWER(text_0) END AS sent_0, CASE way_1
  WHEN 'plain'
  THEN sha256(LOWER(text_1))
  WHEN 'digest'
  THEN LOWER(text_1) END AS sent_1, CASE way_2
  WHEN 'plain'
  THEN sha256(LOWER(text_2))
  WHEN 'digest'
  THEN CONCAT('@p', LOWER(text_2)) END AS sent_2, CASE
  WHEN way_0 = 'odd'
  OR way_1 = 'odd'
  OR way_2 = 'odd'
  THEN 'odd'
  WHEN way_0 = 'blank'
  AND way_1 = 'blank'
  AND way_2 = 'blank'
  THEN 'blank' ELSE 'taken' END AS standing
  FROM (SELECT text_0, text_1, text_2, CASE
  WHEN text_0 IS NULL
  THEN 'odd'
  WHEN LENGTH(text_0) = 0
  THEN 'blank'
  WHEN LENGTH(text_0) <= 63
  AND regexp_full_match(text_0, '[A-Za-z0-9_][A-Za-z0-9_+-]*([.][A-Za-z0-9_+-]+)*@([A-Za-z0-9]+(-[A-Za-z0-9]+)*[.])+[A-Za-z]{2,63}')
  AND NOT (regexp_full_match(LOWER(text_0), '.*[.](arpa|invalid|local|localhost|onion|test)'))
  THEN 'plain'
  WHEN LENGTH(text_0) = 64
  AND regexp_full_match(text_0, '[0-9a-fA-F]{64}')
  AND NOT (regexp_full_match(LOWER(text_0), '0000000000000000000000000000000000000000000000000000000000000000|0a481a8dc8a8aa0efbf1ee6f2524dfe7c8b5b93369a2f98b4a671da8901e127b|12b9377cbe7e5c94e8a70d9d23929523d14afa954793130f8a3959c7b849aca8|140bedbf9c3f6d56a9846d2ba7088798683f4da0c248231336e6a05679e4fdfe|20ef0f0c8d0eea98772412cea9b3b92612e3e53cb5e59152b5703165f56e8a53|36a9e7f1c95b82ffb99743e0c5c4ce95d83c9a430aac59f84ef3cbfab6145068|3d9fc4bde7ceef058d65b00186e79c1f14b42687b491644c303065135b644e18|74234e98afe7498fb5daf1f36ac2d78acc339464f950703b8c019892f982b90b|9b2d5b4678781e53038e91ea5324530a03f27dc1d0e5f6c9bc9d493a23be9de0|a683c5c5349f6f7fb903ba8a9e7e55d0ba1b8f03579f95be83f4954c33e81098|b582d3167c70c098fdfefc2c847a1aae83150febc4602a51ef83a84a175d417c|c627c09c14e58e44bc51622dac392958ec88244e414b508020634f53cfcd1e69|d5b592c05dc25b5032553f1b27f4139be95e881f73db33b02b05ab20c3f9981e|dc937b59892604f5a86ac96936cd7ff09e25f18ae6b758e8014a24c7fa039e91|e2f79e5b60330bba4c289962231b6ba2957d0b14e7deb3110417003c79dea635|e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855|eb045d78d273107348b0300c01d29b7552d622abbc6faf81b3ec55359aa9950c|fa1d2db62d4d952e2031452e1bc1ddcad0b192c2e29a706f11ce426ae5acddea|fb329000228cc5a24c264c57139de8bf854fc86fc18bf1c04ab61a2b5cb4b921'))
  THEN 'digest' ELSE 'odd' END AS way_0, CASE
  WHEN text_1 IS NULL
  THEN 'odd'
  WHEN LENGTH(text_1) = 0
  THEN 'blank'
  WHEN regexp_full_match(text_1, '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}')
  AND text_1 <> '00000000-0000-0000-0000-000000000000'
  THEN 'plain' ELSE 'odd' END AS way_1, CASE
  WHEN text_2 IS NULL
  THEN 'odd'
  WHEN LENGTH(text_2) = 0
  THEN 'blank'
  WHEN LENGTH(text_2) = 64
  AND regexp_full_match(text_2, '[0-9a-fA-F]{64}')
  AND NOT (regexp_full_match(LOWER(text_2), '0000000000000000000000000000000000000000000000000000000000000000|0a481a8dc8a8aa0efbf1ee6f2524dfe7c8b5b93369a2f98b4a671da8901e127b|12b9377cbe7e5c94e8a70d9d23929523d14afa954793130f8a3959c7b849aca8|140bedbf9c3f6d56a9846d2ba7088798683f4da0c248231336e6a05679e4fdfe|20ef0f0c8d0eea98772412cea9b3b92612e3e53cb5e59152b5703165f56e8a53|36a9e7f1c95b82ffb99743e0c5c4ce95d83c9a430aac59f84ef3cbfab6145068|3d9fc4bde7ceef058d65b00186e79c1f14b42687b491644c303065135b644e18|74234e98afe7498fb5daf1f36ac2d78acc339464f950703b8c019892f982b90b|9b2d5b4678781e53038e91ea5324530a03f27dc1d0e5f6c9bc9d493a23be9de0|a683c5c5349f6f7fb903ba8a9e7e55d0ba1b8f03579f95be83f4954c33e81098|b582d3167c70c098fdfefc2c847a1aae83150febc4602a51ef83a84a175d417c|c627c09c14e58e44bc51622dac392958ec88244e414b508020634f53cfcd1e69|d5b592c05dc25b5032553f1b27f4139be95e881f73db33b02b05ab20c3f9981e|dc937b59892604f5a86ac96936cd7ff09e25f18ae6b758e8014a24c7fa039e91|e2f79e5b60330bba4c289962231b6ba2957d0b14e7deb3110417003c79dea635|e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855|eb045d78d273107348b0300c01d29b7552d622abbc6faf81b3ec55359aa9950c|fa1d2db62d4d952e2031452e1bc1ddcad0b192c2e29a706f11ce426ae5acddea|fb329000228cc5a24c264c57139de8bf854fc86fc18bf1c04ab61a2b5cb4b921'))
  THEN 'digest' ELSE 'odd' END AS way_2
  FROM (SELECT CASE
  WHEN "email" IS NULL
  THEN ''
  WHEN typeof("email") IN ('VARCHAR', 'UUID')
  THEN CASE
  WHEN prefix(CAST("email" AS VARCHAR), ' ')
  OR suffix(CAST("email" AS VARCHAR), ' ')
  THEN trim(CAST("email" AS VARCHAR), ' ') ELSE CAST("email" AS VARCHAR) END END AS text_0, CASE
  WHEN "Device ID" IS NULL
  THEN ''
  WHEN typeof("Device ID") IN ('VARCHAR', 'UUID')
  THEN CASE
  WHEN prefix(CAST("Device ID" AS VARCHAR), ' ')
  OR suffix(CAST("Device ID" AS VARCHAR), ' ')
  THEN trim(CAST("Device ID" AS VARCHAR), ' ') ELSE CAST("Device ID" AS VARCHAR) END END AS text_1, CASE
  WHEN "phone_hash" IS NULL
  THEN ''
  WHEN typeof("phone_hash") IN ('VARCHAR', 'UUID')
  THEN CASE
  WHEN prefix(CAST("phone_hash" AS VARCHAR), ' ')
  OR suffix(CAST("phone_hash" AS VARCHAR), ' ')
  THEN trim(CAST("phone_hash" AS VARCHAR), ' ') ELSE CAST("phone_hash" AS VARCHAR) END END AS text_2
  FROM people) trimmed) ways) judged
  CROSS JOIN (SELECT 0 AS place
  UNION ALL SELECT 1 AS place
  UNION ALL SELECT 2 AS place) places) each_one
  WHERE identifier IS NOT NULL
  OR standing IS NOT NULL;

SELECT "email", "Device ID", "phone_hash"
  FROM (SELECT "email", "Device ID", "phone_hash", text_0, text_1, text_2, CASE
  WHEN text_0 IS NULL
  THEN 'odd'
  WHEN LENGTH(text_0) = 0
  THEN 'blank'
  WHEN LENGTH(text_0) <= 63
  AND regexp_full_match(text_0, '[A-Za-z0-9_][A-Za-z0-9_+-]*([.][A-Za-z0-9_+-]+)*@([A-Za-z0-9]+(-[A-Za-z0-9]+)*[.])+[A-Za-z]{2,63}')
  AND NOT (regexp_full_match(LOWER(text_0), '.*[.](arpa|invalid|local|localhost|onion|test)'))
  THEN 'plain'
  WHEN LENGTH(text_0) = 64
  AND regexp_full_match(text_0, '[0-9a-fA-F]{64}')
  AND NOT (regexp_full_match(LOWER(text_0), '0000000000000000000000000000000000000000000000000000000000000000|0a481a8dc8a8aa0efbf1ee6f2524dfe7c8b5b93369a2f98b4a671da8901e127b|12b9377cbe7e5c94e8a70d9d23929523d14afa954793130f8a3959c7b849aca8|140bedbf9c3f6d56a9846d2ba7088798683f4da0c248231336e6a05679e4fdfe|20ef0f0c8d0eea98772412cea9b3b92612e3e53cb5e59152b5703165f56e8a53|36a9e7f1c95b82ffb99743e0c5c4ce95d83c9a430aac59f84ef3cbfab6145068|3d9fc4bde7ceef058d65b00186e79c1f14b42687b491644c303065135b644e18|74234e98afe7498fb5daf1f36ac2d78acc339464f950703b8c019892f982b90b|9b2d5b4678781e53038e91ea5324530a03f27dc1d0e5f6c9bc9d493a23be9de0|a683c5c5349f6f7fb903ba8a9e7e55d0ba1b8f03579f95be83f4954c33e81098|b582d3167c70c098fdfefc2c847a1aae83150febc4602a51ef83a84a175d417c|c627c09c14e58e44bc51622dac392958ec88244e414b508020634f53cfcd1e69|d5b592c05dc25b5032553f1b27f4139be95e881f73db33b02b05ab20c3f9981e|dc937b59892604f5a86ac96936cd7ff09e25f18ae6b758e8014a24c7fa039e91|e2f79e5b60330bba4c289962231b6ba2957d0b14e7deb3110417003c79dea635|e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855|eb045d78d273107348b0300c01d29b7552d622abbc6faf81b3ec55359aa9950c|fa1d2db62d4d952e2031452e1bc1ddcad0b192c2e29a706f11ce426ae5acddea|fb329000228cc5a24c264c57139de8bf854fc86fc18bf1c04ab61a2b5cb4b921'))
  THEN 'digest' ELSE 'odd' END AS way_0, CASE
  WHEN text_1 IS NULL
  THEN 'odd'
  WHEN LENGTH(text_1) = 0
  THEN 'blank'
  WHEN regexp_full_match(text_1, '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}')
  AND text_1 <> '00000000-0000-0000-0000-000000000000'
  THEN 'plain' ELSE 'odd' END AS way_1, CASE
  WHEN text_2 IS NULL
  THEN 'odd'
  WHEN LENGTH(text_2) = 0
  THEN 'blank'
  WHEN LENGTH(text_2) = 64
  AND regexp_full_match(text_2, '[0-9a-fA-F]{64}')
  AND NOT (regexp_full_match(LOWER(text_2), '0000000000000000000000000000000000000000000000000000000000000000|0a481a8dc8a8aa0efbf1ee6f2524dfe7c8b5b93369a2f98b4a671da8901e127b|12b9377cbe7e5c94e8a70d9d23929523d14afa954793130f8a3959c7b849aca8|140bedbf9c3f6d56a9846d2ba7088798683f4da0c248231336e6a05679e4fdfe|20ef0f0c8d0eea98772412cea9b3b92612e3e53cb5e59152b5703165f56e8a53|36a9e7f1c95b82ffb99743e0c5c4ce95d83c9a430aac59f84ef3cbfab6145068|3d9fc4bde7ceef058d65b00186e79c1f14b42687b491644c303065135b644e18|74234e98afe7498fb5daf1f36ac2d78acc339464f950703b8c019892f982b90b|9b2d5b4678781e53038e91ea5324530a03f27dc1d0e5f6c9bc9d493a23be9de0|a683c5c5349f6f7fb903ba8a9e7e55d0ba1b8f03579f95be83f4954c33e81098|b582d3167c70c098fdfefc2c847a1aae83150febc4602a51ef83a84a175d417c|c627c09c14e58e44bc51622dac392958ec88244e414b508020634f53cfcd1e69|d5b592c05dc25b5032553f1b27f4139be95e881f73db33b02b05ab20c3f9981e|dc937b59892604f5a86ac96936cd7ff09e25f18ae6b758e8014a24c7fa039e91|e2f79e5b60330bba4c289962231b6ba2957d0b14e7deb3110417003c79dea635|e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855|eb045d78d273107348b0300c01d29b7552d622abbc6faf81b3ec55359aa9950c|fa1d2db62d4d952e2031452e1bc1ddcad0b192c2e29a706f11ce426ae5acddea|fb329000228cc5a24c264c57139de8bf854fc86fc18bf1c04ab61a2b5cb4b921'))
  THEN 'digest' ELSE 'odd' END AS way_2
  FROM (SELECT "email", "Device ID", "phone_hash", CASE
  WHEN "email" IS NULL
  THEN ''
  WHEN typeof("email") IN ('VARCHAR', 'UUID')
  THEN CASE
  WHEN prefix(CAST("email" AS VARCHAR), ' ')
  OR suffix(CAST("email" AS VARCHAR), ' ')
  THEN trim(CAST("email" AS VARCHAR), ' ') ELSE CAST("email" AS VARCHAR) END END AS text_0, CASE
  WHEN "Device ID" IS NULL
  THEN ''
  WHEN typeof("Device ID") IN ('VARCHAR', 'UUID')
  THEN CASE
  WHEN prefix(CAST("Device ID" AS VARCHAR), ' ')
  OR suffix(CAST("Device ID" AS VARCHAR), ' ')
  THEN trim(CAST("Device ID" AS VARCHAR), ' ') ELSE CAST("Device ID" AS VARCHAR) END END AS text_1, CASE
  WHEN "phone_hash" IS NULL
  THEN ''
  WHEN typeof("phone_hash") IN ('VARCHAR', 'UUID')
  THEN CASE
  WHEN prefix(CAST("phone_hash" AS VARCHAR), ' ')
  OR suffix(CAST("phone_hash" AS VARCHAR), ' ')
  THEN trim(CAST("phone_hash" AS VARCHAR), ' ') ELSE CAST("phone_hash" AS VARCHAR) END END AS text_2
  FROM people) trimmed) ways
  WHERE CASE
  WHEN way_0 = 'odd'
  OR way_1 = 'odd'
  OR way_2 = 'odd'
  THEN 'odd'
  WHEN way_0 = 'blank'
  AND way_1 = 'blank'
  AND way_2 = 'blank'
  THEN 'blank' ELSE 'taken' END = 'odd';

INSERT INTO "pins"."pinterest_staging_1f2e3d" (identifier, kind)
  VALUES (:identifier, :kind);

SELECT standing, COUNT(*)
  FROM "pins"."pinterest_staging_1f2e3d"
  WHERE standing IS NOT NULL
  GROUP BY standing;

SELECT kind, COUNT(identifier)
  FROM "pins"."pinterest_staging_1f2e3d"
  GROUP BY kind;

INSERT INTO "pins"."pinterest_change" (epoch, identifier, kind, number, operation) SELECT :epoch, identifier, kind, ROW_NUMBER() OVER (), 'remove'
  FROM "pins"."pinterest_sent" s
  WHERE s.epoch = :epoch
  AND NOT EXISTS (SELECT 1
  FROM "pins"."pinterest_staging_1f2e3d" n
  WHERE n.identifier = s.identifier);

INSERT INTO "pins"."pinterest_change" (epoch, identifier, kind, number, operation) SELECT :epoch, identifier, kind, :leaving + ROW_NUMBER() OVER (), 'add'
  FROM (SELECT n.identifier AS identifier, MIN(n.kind) AS kind
  FROM "pins"."pinterest_staging_1f2e3d" n
  WHERE n.identifier IS NOT NULL
  AND NOT EXISTS (SELECT 1
  FROM "pins"."pinterest_sent" s
  WHERE s.epoch = :epoch
  AND s.identifier = n.identifier
  AND s.doubt = 0)
  GROUP BY n.identifier) joining;

SELECT operation, kind, LENGTH(identifier), COUNT(*)
  FROM "pins"."pinterest_change"
  WHERE epoch = :epoch
  GROUP BY operation, kind, LENGTH(identifier);

SELECT COUNT(*), COALESCE(SUM(doubt), 0)
  FROM "pins"."pinterest_sent"
  WHERE epoch = :epoch;

SELECT COUNT(DISTINCT identifier)
  FROM "pins"."pinterest_staging_1f2e3d";

SELECT COUNT(*)
  FROM "pins"."pinterest_sent" s
  WHERE s.epoch = :epoch
  AND NOT EXISTS (SELECT 1
  FROM "pins"."pinterest_staging_1f2e3d" n
  WHERE n.identifier = s.identifier);

SELECT COUNT(DISTINCT n.identifier)
  FROM "pins"."pinterest_staging_1f2e3d" n
  WHERE NOT EXISTS (SELECT 1
  FROM "pins"."pinterest_sent" s
  WHERE s.epoch = :epoch
  AND s.identifier = n.identifier
  AND s.doubt = 0);

DROP TABLE IF EXISTS "pins"."pinterest_staging_1f2e3d";

CREATE
  OR REPLACE TEMPORARY TABLE "pinterest_compared_1f2e3d" AS SELECT CASE
  WHEN n.kind IS NULL
  THEN s.identifier
  WHEN n.identifier IS NOT NULL
  AND COALESCE(s.doubt, 1) <> 0
  THEN n.identifier END AS identifier, COALESCE(n.kind, s.kind) AS kind, n.standing AS standing, CASE
  WHEN n.kind IS NULL
  THEN 'remove'
  WHEN n.identifier IS NOT NULL
  AND COALESCE(s.doubt, 1) <> 0
  THEN 'add' END AS operation, n.identifier IS NOT NULL AS is_usable, COUNT(*) AS times
  FROM (SELECT CASE
  WHEN standing = 'taken'
  THEN sent_0 END AS identifier, 'EMAIL' AS kind, standing
  FROM (SELECT CASE way_0
  WHEN 'plain'
  THEN sha256(LOWER(text_0))
  WHEN 'digest'
  THEN LOWER(text_0) END AS sent_0, CASE
  WHEN way_0 = 'odd'
  THEN 'odd'
  WHEN way_0 = 'blank'
  THEN 'odd' ELSE 'taken' END AS standing
  FROM (SELECT text_0, CASE
  WHEN text_0 IS NULL
  THEN 'odd'
  WHEN LENGTH(text_0) = 0
  THEN 'blank'
  WHEN LENGTH(text_0) <= 63
  AND regexp_full_match(text_0, '[A-Za-z0-9_][A-Za-z0-9_+-]*([.][A-Za-z0-9_+-]+)*@([A-Za-z0-9]+(-[A-Za-z0-9]+)*[.])+[A-Za-z]{2,63}')
  AND NOT (regexp_full_match(LOWER(text_0), '.*[.](arpa|invalid|local|localhost|onion|test)'))
  THEN 'plain'
  WHEN LENGTH(text_0) = 64
  AND regexp_full_match(text_0, '[0-9a-fA-F]{64}')
  AND NOT (regexp_full_match(LOWER(text_0), '0000000000000000000000000000000000000000000000000000000000000000|0a481a8dc8a8aa0efbf1ee6f2524dfe7c8b5b93369a2f98b4a671da8901e127b|12b9377cbe7e5c94e8a70d9d23929523d14afa954793130f8a3959c7b849aca8|140bedbf9c3f6d56a9846d2ba7088798683f4da0c248231336e6a05679e4fdfe|20ef0f0c8d0eea98772412cea9b3b92612e3e53cb5e59152b5703165f56e8a53|36a9e7f1c95b82ffb99743e0c5c4ce95d83c9a430aac59f84ef3cbfab6145068|3d9fc4bde7ceef058d65b00186e79c1f14b42687b491644c303065135b644e18|74234e98afe7498fb5daf1f36ac2d78acc339464f950703b8c019892f982b90b|9b2d5b4678781e53038e91ea5324530a03f27dc1d0e5f6c9bc9d493a23be9de0|a683c5c5349f6f7fb903ba8a9e7e55d0ba1b8f03579f95be83f4954c33e81098|b582d3167c70c098fdfefc2c847a1aae83150febc4602a51ef83a84a175d417c|c627c09c14e58e44bc51622dac392958ec88244e414b508020634f53cfcd1e69|d5b592c05dc25b5032553f1b27f4139be95e881f73db33b02b05ab20c3f9981e|dc937b59892604f5a86ac96936cd7ff09e25f18ae6b758e8014a24c7fa039e91|e2f79e5b60330bba4c289962231b6ba2957d0b14e7deb3110417003c79dea635|e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855|eb045d78d273107348b0300c01d29b7552d622abbc6faf81b3ec55359aa9950c|fa1d2db62d4d952e2031452e1bc1ddcad0b192c2e29a706f11ce426ae5acddea|fb329000228cc5a24c264c57139de8bf854fc86fc18bf1c04ab61a2b5cb4b921'))
  THEN 'digest' ELSE 'odd' END AS way_0
  FROM (SELECT CASE
  WHEN "email" IS NULL
  THEN ''
  WHEN typeof("email") IN ('VARCHAR', 'UUID')
  THEN CASE
  WHEN prefix(CAST("email" AS VARCHAR), ' ')
  OR suffix(CAST("email" AS VARCHAR), ' ')
  THEN trim(CAST("email" AS VARCHAR), ' ') ELSE CAST("email" AS VARCHAR) END END AS text_0
  FROM people) trimmed) ways) judged) n FULL OUTER JOIN (SELECT identifier, kind, doubt
  FROM "pins"."pinterest_sent"
  WHERE epoch = :epoch) s ON s.identifier = n.identifier
  GROUP BY ALL;

CREATE
  OR REPLACE TEMPORARY TABLE "pinterest_compared_1f2e3d" AS SELECT CASE
  WHEN n.kind IS NULL
  THEN s.identifier
  WHEN n.identifier IS NOT NULL
  AND COALESCE(s.doubt, 1) <> 0
  THEN n.identifier END AS identifier, COALESCE(n.kind, s.kind) AS kind, n.standing AS standing, CASE
  WHEN n.kind IS NULL
  THEN 'remove'
  WHEN n.identifier IS NOT NULL
  AND COALESCE(s.doubt, 1) <> 0
  THEN 'add' END AS operation, n.identifier IS NOT NULL AS is_usable, COUNT(*) AS times
  FROM (SELECT identifier, kind, standing
  FROM "pins"."pinterest_staging_1f2e3d") n FULL OUTER JOIN (SELECT identifier, kind, doubt
  FROM "pins"."pinterest_sent"
  WHERE epoch = :epoch) s ON s.identifier = n.identifier
  GROUP BY ALL;

SELECT standing, SUM(times)
  FROM "pinterest_compared_1f2e3d"
  WHERE standing IS NOT NULL
  GROUP BY standing;

SELECT kind, SUM(times)
  FROM "pinterest_compared_1f2e3d"
  WHERE is_usable
  GROUP BY kind;

INSERT INTO "pins"."pinterest_change" (epoch, identifier, kind, number, operation) SELECT :epoch, identifier, kind, ROW_NUMBER() OVER (), 'remove'
  FROM "pinterest_compared_1f2e3d" c
  WHERE operation = 'remove'
  AND NOT EXISTS (SELECT 1
  FROM "pins"."pinterest_staging_1f2e3d" n
  WHERE n.identifier = c.identifier);

INSERT INTO "pins"."pinterest_change" (epoch, identifier, kind, number, operation) SELECT :epoch, identifier, kind, :leaving + ROW_NUMBER() OVER (), 'add'
  FROM (SELECT identifier, MIN(kind) AS kind
  FROM (SELECT identifier, kind
  FROM "pinterest_compared_1f2e3d"
  WHERE operation = 'add'
  UNION ALL SELECT n.identifier, n.kind
  FROM "pins"."pinterest_staging_1f2e3d" n
  WHERE NOT EXISTS (SELECT 1
  FROM "pins"."pinterest_sent" s
  WHERE s.epoch = :epoch
  AND s.identifier = n.identifier
  AND s.doubt = 0)) found
  GROUP BY identifier) joining;

DROP TABLE IF EXISTS "pins"."pinterest_staging_1f2e3d";

DROP TABLE IF EXISTS "pinterest_compared_1f2e3d";

SELECT COUNT(*)
  FROM "pinterest_compared_1f2e3d" c
  WHERE operation = 'remove'
  AND NOT EXISTS (SELECT 1
  FROM "pins"."pinterest_staging_1f2e3d" n
  WHERE n.identifier = c.identifier);

SELECT COUNT(*)
  FROM (SELECT identifier, MIN(kind) AS kind
  FROM (SELECT identifier, kind
  FROM "pinterest_compared_1f2e3d"
  WHERE operation = 'add'
  UNION ALL SELECT n.identifier, n.kind
  FROM "pins"."pinterest_staging_1f2e3d" n
  WHERE NOT EXISTS (SELECT 1
  FROM "pins"."pinterest_sent" s
  WHERE s.epoch = :epoch
  AND s.identifier = n.identifier
  AND s.doubt = 0)) found
  GROUP BY identifier) joining;

SELECT (SELECT COUNT(*)
  FROM (SELECT identifier, MIN(kind) AS kind
  FROM (SELECT identifier, kind
  FROM "pinterest_compared_1f2e3d"
  WHERE operation = 'add'
  UNION ALL SELECT n.identifier, n.kind
  FROM "pins"."pinterest_staging_1f2e3d" n
  WHERE NOT EXISTS (SELECT 1
  FROM "pins"."pinterest_sent" s
  WHERE s.epoch = :epoch
  AND s.identifier = n.identifier
  AND s.doubt = 0)) found
  GROUP BY identifier) joining) + (SELECT COUNT(*)
  FROM "pins"."pinterest_sent" s
  WHERE s.epoch = :epoch
  AND s.doubt = 0
  AND s.identifier NOT IN (SELECT identifier
  FROM "pinterest_compared_1f2e3d" c
  WHERE operation = 'remove'
  AND NOT EXISTS (SELECT 1
  FROM "pins"."pinterest_staging_1f2e3d" n
  WHERE n.identifier = c.identifier)));

CREATE
  OR REPLACE TEMPORARY TABLE "pinterest_compared_1f2e3d" AS SELECT CASE
  WHEN n.kind IS NULL
  THEN s.identifier
  WHEN n.identifier IS NOT NULL
  AND COALESCE(s.doubt, 1) <> 0
  THEN n.identifier END AS identifier, COALESCE(n.kind, s.kind) AS kind, n.standing AS standing, CASE
  WHEN n.kind IS NULL
  THEN 'remove'
  WHEN n.identifier IS NOT NULL
  AND COALESCE(s.doubt, 1) <> 0
  THEN 'add' END AS operation, n.identifier IS NOT NULL AS is_usable, COUNT(*) AS times
  FROM (SELECT identifier, kind, standing
  FROM "pins"."pinterest_staging_1f2e3d") n FULL OUTER JOIN (SELECT identifier, kind, doubt
  FROM (SELECT '' AS epoch, '' AS identifier, '' AS kind, 0 AS doubt LIMIT 0)
  WHERE epoch = :epoch) s ON s.identifier = n.identifier
  GROUP BY ALL;

SELECT (SELECT COUNT(*)
  FROM (SELECT identifier, MIN(kind) AS kind
  FROM (SELECT identifier, kind
  FROM "pinterest_compared_1f2e3d"
  WHERE operation = 'add'
  UNION ALL SELECT n.identifier, n.kind
  FROM "pins"."pinterest_staging_1f2e3d" n
  WHERE NOT EXISTS (SELECT 1
  FROM (SELECT '' AS epoch, '' AS identifier, '' AS kind, 0 AS doubt LIMIT 0) s
  WHERE s.epoch = :epoch
  AND s.identifier = n.identifier
  AND s.doubt = 0)) found
  GROUP BY identifier) joining) + (SELECT COUNT(*)
  FROM (SELECT '' AS epoch, '' AS identifier, '' AS kind, 0 AS doubt LIMIT 0) s
  WHERE s.epoch = :epoch
  AND s.doubt = 0
  AND s.identifier NOT IN (SELECT identifier
  FROM "pinterest_compared_1f2e3d" c
  WHERE operation = 'remove'
  AND NOT EXISTS (SELECT 1
  FROM "pins"."pinterest_staging_1f2e3d" n
  WHERE n.identifier = c.identifier)));

SELECT number, operation, kind, identifier
  FROM "pins"."pinterest_change"
  WHERE epoch = :epoch
  AND number > :after
  AND number <= :last
  ORDER BY number;

UPDATE "pins"."pinterest_audience"
  SET begun_to = :begun, done_to = :done, leased_until = CAST(floor(epoch(get_current_timestamp())) AS BIGINT) + :seconds, updated_at = CAST(floor(epoch(get_current_timestamp())) AS BIGINT)
  WHERE ad_account_id = :account
  AND audience = :audience
  AND lease = :lease;

DELETE
  FROM "pins"."pinterest_change"
  WHERE epoch = :epoch
  AND number = :number;

UPDATE "pins"."pinterest_audience"
  SET customer_list_id = :list
  WHERE ad_account_id = :account
  AND audience = :audience
  AND lease = :lease;

UPDATE "pins"."pinterest_audience"
  SET fill = :fill
  WHERE ad_account_id = :account
  AND audience = :audience
  AND lease = :lease;

DELETE
  FROM "pins"."pinterest_sent"
  WHERE epoch = :epoch
  AND identifier IN (SELECT c.identifier
  FROM "pins"."pinterest_change" c
  WHERE c.epoch = :epoch
  AND c.number <= :begun);

INSERT INTO "pins"."pinterest_sent" (epoch, identifier, kind, doubt) SELECT c.epoch, c.identifier, c.kind, CASE
  WHEN c.number <= :done
  THEN 0 ELSE 1 END
  FROM "pins"."pinterest_change" c
  WHERE c.epoch = :epoch
  AND c.number <= :begun
  AND (c.operation = 'add'
  OR c.number > :done);

DELETE
  FROM "pins"."pinterest_change"
  WHERE epoch = :epoch;

UPDATE "pins"."pinterest_audience"
  SET lease = '', leased_until = 0
  WHERE ad_account_id = :account
  AND audience = :audience
  AND lease = :lease;
