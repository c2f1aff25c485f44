-- What agents find: one folded document for each message, note, contact and case, kept by triggers in the transaction of
-- what it is of, and erased with it. Why so: docs/decisions/0018-search.md.

CREATE TABLE search_documents (
    workspace_id integer NOT NULL DEFAULT 1,
    id bigint GENERATED ALWAYS AS IDENTITY,
    kind text NOT NULL CHECK (kind IN ('message', 'note', 'contact', 'case')),
    conversation_id uuid,
    position bigint,
    contact_id uuid,
    case_id text,
    words tsvector NOT NULL,
    written_at timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, id),
    CHECK ((conversation_id IS NULL) = (position IS NULL)),
    CHECK (num_nonnulls(conversation_id, contact_id, case_id) = 1),
    FOREIGN KEY (workspace_id, conversation_id, position) REFERENCES entries ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, contact_id) REFERENCES contacts ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, case_id) REFERENCES cases ON DELETE CASCADE
);
COMMENT ON COLUMN search_documents.words IS
    'Folded words, of contacts behind “@”; “=” and a reference; “~” and one without one of its characters; “#” and a kind.';

-- Without case and accents. Python does the same in domain/search.py; a test holds them together.
CREATE FUNCTION search_folded(given text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
SELECT CASE WHEN octet_length(given) = length(given) THEN lower(given) ELSE
    regexp_replace(translate(lower(normalize(given, NFKD)), 'øłđð', 'oldd'), '[\u0300-\u036f]', '', 'g') END
$$;

CREATE FUNCTION search_words(folded text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
SELECT array_remove(regexp_split_to_array(folded,
    '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u2000-\u206f\u3000-\u303f]+'), '')
$$;

-- Words with digits: each alone, a row of them as one (phones, numbers in groups), and either behind a short word (AO
-- 50017); the number without its letters; the last nine digits of a long one; addresses of mail; codes in capitals.
CREATE FUNCTION search_references(given text, folded text, words text[]) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    found text[] := ARRAY(SELECT regexp_replace(m[1], '[^a-z0-9]', '', 'g')
        FROM regexp_matches(left(folded, 8000), '([a-z0-9._%+-]+@[a-z0-9.-]+[a-z0-9])', 'g') m LIMIT 20)
        || ARRAY(SELECT lower(m[1]) FROM regexp_matches(left(given, 8000), '\m([A-Z]{6})\M', 'g') m LIMIT 10);
    word text;
    before text := '';
    run text := '';
    led text := '';
BEGIN
    IF folded ~ '[0-9]' THEN
        FOREACH word IN ARRAY words[1:1000] || ''::text LOOP
            IF word ~ '[0-9]' THEN
                IF run = '' THEN
                    led := CASE WHEN length(before) <= 5 AND before ~ '^[a-z]+$' THEN before ELSE '' END;
                    found := found || word || (led || word);
                ELSE
                    found := found || word;
                END IF;
                run := run || word;
                found := found || CASE WHEN word ~ '^[a-z]{1,3}[0-9]{4,}$' THEN ltrim(word, 'abcdefghijklmnopqrstuvwxyz') END;
            ELSE
                IF run <> '' THEN
                    found := found || run || (led || run)
                        || CASE WHEN run ~ '^[0-9]{10,15}$' THEN right(run, 9) END;
                END IF;
                run := '';
            END IF;
            before := word;
            EXIT WHEN cardinality(found) > 120;
        END LOOP;
    END IF;
    RETURN ARRAY(SELECT DISTINCT translate(f, 'oil', '011') FROM unnest(found) f WHERE length(f) BETWEEN 4 AND 40 LIMIT 60);
END $$;

CREATE FUNCTION search_lexemes(kind text, given text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    folded text := search_folded(given);
    words text[] := search_words(folded);
    refs text[] := search_references(given, folded, words);
BEGIN
    RETURN array_to_tsvector(ARRAY(
        SELECT '#' || kind WHERE kind IN ('contact', 'case')
        UNION SELECT CASE kind WHEN 'contact' THEN '@' ELSE '' END || left(w, 50) FROM unnest(words) w
        UNION SELECT '=' || r FROM unnest(refs) r
        UNION SELECT '~' || left(r, i - 1) || substr(r, i + 1)
            FROM unnest(refs) r, generate_series(1, length(r)) i WHERE length(r) >= 5));
END $$;

CREATE FUNCTION search_text(content jsonb) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT concat_ws(E'\n', content ->> 'subject', content ->> 'text')
$$;

CREATE FUNCTION search_text(one contacts) RETURNS text LANGUAGE sql STABLE AS $$
SELECT concat_ws(' · ', one.display_name, one.business_ref, (
    SELECT string_agg(DISTINCT fact, ' · ') FROM identities i,
        LATERAL (SELECT i.address UNION SELECT value FROM jsonb_each_text(i.verified_facts)) facts (fact)
    WHERE i.workspace_id = one.workspace_id AND i.contact_id = one.id))
$$;

CREATE FUNCTION search_text(one cases) RETURNS text LANGUAGE sql STABLE AS $$
SELECT concat_ws(' · ', one.id, one.reference, one.goal)
$$;
CREATE INDEX identities_of_contact ON identities (workspace_id, contact_id);

-- What was written before; messages last, because common words are looked for in the newest documents.
INSERT INTO search_documents (workspace_id, kind, contact_id, words, written_at)
    SELECT workspace_id, 'contact', id, search_lexemes('contact', search_text(k)), created_at
    FROM contacts k ORDER BY created_at;
INSERT INTO search_documents (workspace_id, kind, case_id, words, written_at)
    SELECT workspace_id, 'case', id, search_lexemes('case', search_text(s)), opened_at FROM cases s ORDER BY opened_at;
INSERT INTO search_documents (workspace_id, kind, conversation_id, position, words, written_at)
    SELECT workspace_id, kind, conversation_id, position, search_lexemes(kind, search_text(content)), created_at
    FROM entries WHERE kind IN ('message', 'note') ORDER BY created_at, conversation_id, position;

-- A short list of what is not sorted in yet: every search reads it.
CREATE INDEX search_by_words ON search_documents USING gin (words) WITH (gin_pending_list_limit = 512);
CREATE UNIQUE INDEX search_of_entry ON search_documents (workspace_id, conversation_id, position)
    WHERE conversation_id IS NOT NULL;
CREATE UNIQUE INDEX search_of_contact ON search_documents (workspace_id, contact_id) WHERE contact_id IS NOT NULL;
CREATE UNIQUE INDEX search_of_case ON search_documents (workspace_id, case_id) WHERE case_id IS NOT NULL;

CREATE FUNCTION search_keep_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_documents (workspace_id, kind, conversation_id, position, words, written_at)
    VALUES (NEW.workspace_id, NEW.kind, NEW.conversation_id, NEW.position,
        search_lexemes(NEW.kind, search_text(NEW.content)), NEW.created_at)
    ON CONFLICT (workspace_id, conversation_id, position) WHERE conversation_id IS NOT NULL
        DO UPDATE SET words = excluded.words, kind = excluded.kind;
    RETURN NULL;
END $$;
CREATE TRIGGER search_keep AFTER INSERT OR UPDATE OF content, kind ON entries
    FOR EACH ROW WHEN (NEW.kind IN ('message', 'note')) EXECUTE FUNCTION search_keep_entry();

CREATE FUNCTION search_keep_contact() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    one contacts;
    changed jsonb := to_jsonb(CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END);
BEGIN
    -- Two that change the same contact at once write its document one after the other.
    SELECT * INTO one FROM contacts k WHERE k.workspace_id = (changed ->> 'workspace_id')::integer
        AND k.id = (changed ->> CASE TG_TABLE_NAME WHEN 'contacts' THEN 'id' ELSE 'contact_id' END)::uuid
        FOR NO KEY UPDATE;
    IF FOUND THEN
        INSERT INTO search_documents (workspace_id, kind, contact_id, words, written_at)
        VALUES (one.workspace_id, 'contact', one.id, search_lexemes('contact', search_text(one)), one.created_at)
        ON CONFLICT (workspace_id, contact_id) WHERE contact_id IS NOT NULL DO UPDATE SET words = excluded.words;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER search_keep AFTER INSERT ON contacts FOR EACH ROW EXECUTE FUNCTION search_keep_contact();
CREATE TRIGGER search_keep_again AFTER UPDATE ON contacts FOR EACH ROW
    WHEN ((OLD.display_name, OLD.business_ref) IS DISTINCT FROM (NEW.display_name, NEW.business_ref))
    EXECUTE FUNCTION search_keep_contact();
CREATE TRIGGER search_keep AFTER INSERT OR DELETE ON identities FOR EACH ROW EXECUTE FUNCTION search_keep_contact();
CREATE TRIGGER search_keep_again AFTER UPDATE ON identities FOR EACH ROW
    WHEN ((OLD.contact_id, OLD.address, OLD.verified_facts) IS DISTINCT FROM
        (NEW.contact_id, NEW.address, NEW.verified_facts))
    EXECUTE FUNCTION search_keep_contact();

CREATE FUNCTION search_keep_case() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_documents (workspace_id, kind, case_id, words, written_at)
    VALUES (NEW.workspace_id, 'case', NEW.id, search_lexemes('case', search_text(NEW)), NEW.opened_at)
    ON CONFLICT (workspace_id, case_id) WHERE case_id IS NOT NULL DO UPDATE SET words = excluded.words;
    RETURN NULL;
END $$;
CREATE TRIGGER search_keep AFTER INSERT OR UPDATE OF id, reference, goal ON cases
    FOR EACH ROW EXECUTE FUNCTION search_keep_case();
