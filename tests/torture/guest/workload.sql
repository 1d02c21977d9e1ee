pragma journal_mode = wal;
create table t(a integer primary key, b text, c real, d blob);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000)
insert into t select i, 'row ' || (i * 7919 % 40009), i * 0.37,
  zeroblob(i % 40) from n;
create index x on t(b);
create index y on t(c, b);
begin;
update t set c = c + 1, b = b || '!' where a % 3 = 0;
delete from t where a % 7 = 0;
savepoint s;
delete from t where a % 2 = 0;
rollback to s;
commit;
create table u as select substr(b, 1, 6) p, count(*) n, avg(c) m, max(a) a
  from t group by 1;
create virtual table f using fts5(body);
insert into f select b || ' ' || p from t join u using (a);
insert into f select 'row ' || (n * 31 % 101) || ' of ' || p from u;
select count(*), sum(length(body)) from f where f match 'row';
select json_group_array(json_object('p', p, 'n', n)) from (select * from u order by p limit 40);
select count(*), sum(x.a * y.a % 1000) from t x join t y on x.a = y.a + 11 and x.c > y.c;
vacuum;
pragma integrity_check;
.dump
